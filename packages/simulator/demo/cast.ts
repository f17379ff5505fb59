/**
 * Who takes part in the demo: the local WeCom, the built manager on an empty store in a temporary folder, and the echo
 * puppet as a process of its own. All on loopback; nobody else is called.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_ACCOUNTS } from '../corp/identity.js';
import { STAND_IN_KEY, StandInService } from '../services/stand-in-service.js';
import { type Simulator, startSimulator } from '../simulator.js';
import { LineProcess } from './line-process.js';
import { Manager } from './manager.js';

/** How long a manager that got the signal too takes at most to say so. */
const TOLD_WITHIN_MS = 1_000;
const LOOK_EVERY_MS = 20;
/** For a bot that whoever looks on brings along. */
const OWN_ACCOUNT = '客服二号';
/** How long the puppet may take to say goodbye. */
const GOODBYE_MS = 5_000;

export class Cast {
  manager: Manager | null = null;
  puppet: LineProcess | null = null;
  /** Stands for the service of an agent, which then answers in place of the puppet. */
  service: StandInService | null = null;
  readonly #folder = mkdtempSync(join(tmpdir(), 'wxkf-manager-demo-'));
  /** Without it no bot may take messages. */
  readonly #secretsKey = randomBytes(32).toString('base64');
  #managerUrl = '';
  #isClosing = false;

  private constructor(
    readonly simulator: Simulator,
    private readonly root: string,
  ) {}

  /** @param root the folder of the package, with everything in it built. */
  static async gather(root: string): Promise<Cast> {
    const pageDir = join(root, 'packages/simulator/dist/page');
    return new Cast(await startSimulator({ pageDir, accounts: [...DEFAULT_ACCOUNTS, OWN_ACCOUNT] }), root);
  }

  get managerUrl(): string {
    return this.#managerUrl;
  }

  get callbackUrl(): string {
    return `${this.#managerUrl}/callback/${this.simulator.corpId}`;
  }

  /** Resolves when it is ready to take callbacks. Also a second time, on the same store. */
  async startManager(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#mustBeOpen();
    const { url } = this.simulator;
    const wecom = { WECOM_API_URL: url, ACCESS_TOKEN_URL: `${url}/cgi-bin/gettoken` };
    const data = { DATA_DIR: join(this.#folder, 'data'), SECRETS_KEY: this.#secretsKey };
    const manager = new Manager(join(this.root, 'dist/main.js'), {
      env: { HOST: '127.0.0.1', PORT: '0', DRAIN_DELAY_MS: '0', ...wecom, ...data, ...env },
      cwd: this.#folder,
    });
    this.manager = manager;
    this.#managerUrl = String((await manager.said('manager.listening')).url);
    await manager.said('registry.loaded');
  }

  /** As an operator does it under Apps in the console, where bots can be added then. */
  async connectApp(): Promise<void> {
    this.#mustBeOpen();
    const { corpId, callback } = this.simulator;
    const { token, encodingAESKey } = callback;
    await this.#post('/api/v1/apps', { corpId, token, encodingAESKey });
  }

  /** Resolves when it has registered and begun to read what there was. Also a second time, with what it remembers. */
  async startPuppet(): Promise<void> {
    this.#mustBeOpen();
    const { calls } = this.simulator;
    const lastId = calls.records.at(-1)?.id ?? 0;
    const { corpId, corpSecret, openKfId, accounts, callback } = this.simulator;
    const env = {
      PORT: '0',
      MANAGER_URL: this.#managerUrl,
      CORP_ID: corpId,
      CORP_SECRET: corpSecret,
      KF_ID: openKfId,
      KF_NAME: accounts[0]?.name ?? '',
      CALLBACK_TOKEN: callback.token,
      ENCODING_AES_KEY: callback.encodingAESKey,
      CURSOR_FILE: join(this.#folder, 'echo-puppet.json'),
    };
    const puppet = new LineProcess(join(this.root, 'examples/echo-puppet/echo-puppet.js'), { env });
    this.puppet = puppet;
    await puppet.line(/^registered /);
    while (!calls.records.some(({ id, api }) => id > lastId && api === 'kf/sync_msg')) {
      await delay(LOOK_EVERY_MS);
      this.#mustBeOpen();
    }
  }

  /** Adds a bot without a program: the manager asks a stand-in of a service, and sends its answers. */
  async startAgent(): Promise<void> {
    this.#mustBeOpen();
    this.service = await StandInService.start({
      answer: ({ text }) => `You wrote: **${text}**. I only stand for a service, and know nothing else.`,
    });
    const { corpId, corpSecret, openKfId } = this.simulator;
    const agent = { form: 'dify', url: this.service.urlOf('dify'), key: STAND_IN_KEY };
    await this.#post('/api/v1/bots', {
      ...{ name: 'Agent', corpId, corpSecret, openKfIds: [openKfId], kind: 'agent', agent },
    });
  }

  async #post(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(this.#managerUrl + path, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  }

  /**
   * As somebody does in WeCom's admin page, who tries again where the manager took longer than WeCom waits.
   * @returns how long it took. @throws Error when the URL does not verify.
   */
  async saveCallbackUrl(): Promise<number> {
    for (;;) {
      const config = { ...this.simulator.callback, url: this.callbackUrl };
      const verification = await this.simulator.saveCallback(config);
      if (verification.isVerified) return verification.tookMs;
      const { reason, detail } = verification;
      if (reason !== 'too-slow') throw new Error(`the callback URL was not verified: ${detail}`);
    }
  }

  /**
   * Ends all, the puppet first, so that it can say goodbye.
   * @param isInterrupted a signal of the terminal has reached the others too.
   */
  async close(isInterrupted = false): Promise<void> {
    this.#isClosing = true;
    if (this.puppet !== null) await endPuppet(this.puppet);
    if (this.manager !== null) await endManager(this.manager, isInterrupted);
    await this.service?.close();
    await this.simulator.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #mustBeOpen(): void {
    if (this.#isClosing) throw new Error('it was interrupted');
  }
}

async function endPuppet(puppet: LineProcess): Promise<void> {
  const isTooLate = delay(GOODBYE_MS, true, { ref: false });
  if ((await Promise.race([puppet.stop(), isTooLate])) === true) await puppet.stop('SIGKILL');
}

/**
 * Ctrl-C in a terminal, and any signal to the whole process group, reaches the manager too; a second signal would then
 * end it at once instead of cleanly.
 */
async function endManager(manager: Manager, isInterrupted: boolean): Promise<void> {
  const isDraining = manager.said('manager.draining').then(
    () => true,
    () => true,
  );
  const isTold =
    isInterrupted && (await Promise.race([isDraining, delay(TOLD_WITHIN_MS, false, { ref: false })]));
  await (isTold ? manager.exited : manager.stop('SIGINT'));
}
