/** The local WeCom, and managers behind the one callback URL that it knows. */
import { randomBytes } from 'node:crypto';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { Killing } from './failpoints.js';
import { UNLIMITED } from './manager.js';
import { Replica } from './messages/replica.js';
import { stablePort } from './ports.js';
import type { Run, StoreKind } from './run.js';
import { Entry } from './entry.js';

export interface StageOptions {
  readonly store: StoreKind;
  readonly replicas: number;
  readonly killing: Killing | null;
}

export class Stage {
  /** When managers were killed, `performance.now()`. */
  readonly killedAtMs: number[] = [];
  readonly #replicas: Replica[] = [];
  #entry: Entry | null = null;
  #turn = 0;

  private constructor(private readonly wecom: Simulator) {}

  /** Starts the managers. WeCom does not know of them yet. */
  static async open(run: Run, wecom: Simulator, { store, replicas, killing }: StageOptions): Promise<Stage> {
    const stage = new Stage(wecom);
    const env = {
      ...(await run.newStore(store)),
      ...UNLIMITED,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
      CORP_CALLS_PER_HOUR: '1000000',
      IP_CALLS_PER_MINUTE: '1000000',
      IP_CALLS_PER_HOUR: '1000000',
    };
    const fault = ({ toMs }: { readonly toMs: number }) => void stage.killedAtMs.push(toMs);
    for (let n = 0; n < replicas; n++)
      stage.#replicas.push(new Replica(run, { port: await stablePort(), env }, killing, { fault }));
    await Promise.all(stage.#replicas.map((replica) => replica.start()));
    stage.#entry = await Entry.open(run, stage.nextUrl);
    return stage;
  }

  /** Those that managers did themselves. */
  get killsInside(): number {
    return this.#replicas.reduce((sum, { killsInside }) => sum + killsInside, 0);
  }

  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** Of each manager in turn, whether it is there or not. */
  readonly nextUrl = (): string => this.#replicas[this.#turn++ % this.#replicas.length]?.url ?? '';

  /** Saves the callback URL at WeCom. A manager has to know the app. */
  async saveCallback(): Promise<void> {
    await this.#entry?.save(this.wecom);
  }

  /** The callbacks that follow go to the next manager. */
  readonly turn = (): void => {
    this.#entry?.turn();
  };

  /** @returns what did not hold. */
  async stop(): Promise<string[]> {
    const codes = await Promise.all(this.#replicas.map((replica) => replica.stop()));
    return codes.filter((code) => code !== 0).map((code) => `a manager ended with ${code} on SIGTERM`);
  }
}
