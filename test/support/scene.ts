/** Where most end-to-end specs begin: the built manager beside the local WeCom, whose app is connected. */
import { type Simulator, type SimulatorOptions, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { connectApp, saveCallback } from './connected-app.js';
import { type ManagerProcess, startManager } from './manager-process.js';
import { embeddedPlace, newSecretsKey, type Place, sealedPlace } from './place.js';
import { type SendRefusals, startSendRefusals } from './send-refusals.js';
import { whenServed } from './until.js';

interface SceneOptions extends Omit<SimulatorOptions, 'accounts'> {
  /** The embedded store where it is left out. Its secrets are sealed. */
  readonly place?: Place;
  /** How many, or their names. Each test can take its own by `newAccount`. */
  readonly accounts?: number | readonly string[];
  /** What else the manager is started with. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Scene {
  manager!: ManagerProcess;
  #accountsUsed = 0;

  private constructor(
    readonly place: Place,
    readonly wecom: Simulator,
    /** Stands between the manager and WeCom, whose calls it can have fail. */
    readonly sends: SendRefusals,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open({ place, accounts = 20, env = {}, ...wecom }: SceneOptions = {}): Promise<Scene> {
    const names =
      typeof accounts === 'number' ? Array.from({ length: accounts }, (_, n) => `account ${n}`) : accounts;
    const simulator = await startSimulator({ accounts: names, ...wecom });
    const sends = await startSendRefusals(simulator.url);
    const sealed = sealedPlace(place ?? embeddedPlace(), newSecretsKey());
    const scene = new Scene(sealed, simulator, sends, env);
    scene.manager = await scene.startManager();
    await connectApp(simulator, scene.manager);
    return scene;
  }

  get url(): string {
    return this.manager.url;
  }

  /** One more of these at the same WeCom. */
  startManager(place = this.place): Promise<ManagerProcess> {
    return startManager({
      ...place.env,
      WECOM_API_URL: this.sends.url,
      ACCESS_TOKEN_URL: `${this.wecom.url}/cgi-bin/gettoken`,
      ...this.env,
    });
  }

  /** @returns how the old process ended. */
  async restart(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const ended = await this.manager.stop(signal);
    this.manager = await this.startManager();
    await saveCallback(this.wecom, this.manager);
    return ended;
  }

  /** An account that no other test of the file has. */
  newAccount(): string {
    const account = this.wecom.accounts[this.#accountsUsed++];
    if (account === undefined) throw new Error('the scene needs more accounts');
    return account.openKfId;
  }

  /** @param key of a bot; else it is an operator on this machine who asks. */
  request(method: string, path: string, body?: object, key?: string): Promise<Response> {
    return whenServed(() =>
      fetch(this.url + path, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    );
  }

  /** @throws Error with the answer, when that is not 200. */
  async ask<Body>(method: string, path: string, body?: object, key?: string): Promise<Body> {
    const response = await this.request(method, path, body, key);
    const answer = (await response.json()) as Body;
    if (response.status !== 200) throw new Error(JSON.stringify(answer));
    return answer;
  }

  /** A bot of WeCom's corp. @param fields its kind, its accounts, and what is not as usual. */
  addBot(fields: object): Promise<BotCreatedAnswer> {
    const { corpId, corpSecret } = this.wecom;
    return this.ask('POST', '/api/v1/bots', {
      ...{ name: 'Support bot', corpId, corpSecret },
      ...fields,
    });
  }

  async close(): Promise<void> {
    await this.manager.stop();
    await this.sends.close();
    await this.wecom.close();
    await this.place.discard();
  }
}
