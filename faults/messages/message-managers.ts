/** The managers of `messages`: one, or replicas on one database, of which one at a time is killed and started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { postJson } from '../../test/support/puppet-server.js';
import type { Seeded } from '../../test/support/seeded.js';
import { Manager, type ManagerOptions } from '../manager.js';
import { stablePort } from '../ports.js';
import type { Run } from '../run.js';
import type { KfCorp } from './kf-corp.js';
import type { MadeBot, MessageBot } from './message-bots.js';
import type { MessageOracle } from './message-oracle.js';

/** By then the other replicas have read what was added. */
const KNOWN_EVERYWHERE_MS = 3_000;
/** What a process sent before it was killed may still have to be read here. */
const LAST_WORDS_MS = 100;
const SINCE_MS = 60_000;

export class MessageManagers {
  kills = 0;
  #next = 0;

  private constructor(
    private readonly run: Run,
    private readonly options: readonly ManagerOptions[],
    private readonly managers: Manager[],
  ) {}

  static async start(
    run: Run,
    replicas: number,
    env: Readonly<Record<string, string>>,
  ): Promise<MessageManagers> {
    const options: ManagerOptions[] = [];
    for (let number = 0; number < replicas; number++) options.push({ port: await stablePort(), env });
    const managers = await Promise.all(options.map((one) => Manager.start(run, one)));
    return new MessageManagers(run, options, managers);
  }

  /** Of each in turn, whether it is there or not. */
  readonly nextUrl = (): string => {
    const one = this.managers[this.#next++ % this.managers.length];
    if (one === undefined) throw new Error('there is no manager');
    return one.url;
  };

  /** The app of each corp, and a bot for each account that takes its messages. */
  async add(corps: readonly KfCorp[], bots: readonly MessageBot[]): Promise<void> {
    for (const { app } of corps) await this.#post('apps', app);
    for (const [index, bot] of bots.entries()) {
      const { corp, openKfId } = bot.account;
      const callback = bot.kind === 'callback' ? { callback: { url: bot.url } } : {};
      bot.made = await this.#post<MadeBot>('bots', {
        ...{ name: openKfId, corpId: corp.app.corpId, openKfIds: [openKfId], kind: bot.kind },
        ...{ takes: 'message', order: index % 5 === 0 ? 'customer' : 'account' },
        ...{ corpSecret: corp.corpSecret, since: new Date(Date.now() - SINCE_MS).toISOString() },
        ...callback,
      });
    }
    if (this.managers.length > 1) await sleep(KNOWN_EVERYWHERE_MS);
  }

  /** SIGKILL of one of them, and the same one again. */
  async killOne(random: Seeded, oracle: MessageOracle): Promise<void> {
    const index = random.below(this.managers.length);
    const [manager, options] = [this.managers[index], this.options[index]];
    if (manager === undefined || options === undefined) throw new Error('there is no manager');
    const fromMs = performance.now();
    await manager.kill();
    this.kills++;
    oracle.fault({ fromMs, toMs: performance.now(), openKfId: null });
    await sleep(LAST_WORDS_MS);
    const next = Manager.spawn(this.run, options);
    this.managers[index] = next;
    await next.whenReady();
  }

  /** @returns what did not hold. */
  async stop(): Promise<string[]> {
    const codes = await Promise.all(this.managers.map((manager) => manager.stop()));
    return codes.filter((code) => code !== 0).map((code) => `a manager ended with ${code} on SIGTERM`);
  }

  get hasEnded(): boolean {
    return this.managers.some(({ hasExited }) => hasExited);
  }

  async #post<T>(path: string, body: object): Promise<T> {
    const [manager] = this.managers;
    const response = await postJson(`${manager?.url}/api/v1/${path}`, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }
}
