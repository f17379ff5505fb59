/** The managers of `messages`: one, or replicas on one database, of which one at a time is killed and started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { postJson } from '../../../test/support/puppet-server.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { stablePort } from '../ports.js';
import type { Killing } from '../failpoints.js';
import type { Run } from '../run.js';
import type { KfCorp } from './kf-corp.js';
import type { MadeBot, MessageBot } from './message-bot.js';
import type { MessageOracle } from './message-oracle.js';
import { Replica } from './replica.js';

/** By then the other replicas have read what was added. */
const KNOWN_EVERYWHERE_MS = 3_000;
const SINCE_MS = 60_000;
/** A busy machine lets bots take their time. */
const TIMEOUT_MS = 10_000;
/** Every so many bots one is given the messages of each customer in order, and no more. */
const BY_CUSTOMER_EVERY = 7;

export interface ManagersOptions {
  readonly replicas: number;
  readonly env: Readonly<Record<string, string>>;
  /** See `Replica`. */
  readonly killing: Killing | null;
}

const POST_TRIES = 10;
const POST_AGAIN_MS = 1_000;

export class MessageManagers {
  #next = 0;

  private constructor(private readonly replicas: readonly Replica[]) {}

  static async start(
    run: Run,
    oracle: MessageOracle,
    { replicas: count, env, killing }: ManagersOptions,
  ): Promise<MessageManagers> {
    const replicas: Replica[] = [];
    for (let number = 0; number < count; number++) {
      replicas.push(new Replica(run, { port: await stablePort(), env }, killing, oracle));
    }
    await Promise.all(replicas.map((replica) => replica.start()));
    return new MessageManagers(replicas);
  }

  get kills(): number {
    return this.replicas.reduce((sum, { kills }) => sum + kills, 0);
  }

  /** Those that the managers did themselves. */
  get killsInside(): number {
    return this.replicas.reduce((sum, { killsInside }) => sum + killsInside, 0);
  }

  /** Of each in turn, whether it is there or not. */
  readonly nextUrl = (): string => {
    const replica = this.replicas[this.#next++ % this.replicas.length];
    if (replica === undefined) throw new Error('there is no manager');
    return replica.url;
  };

  /** The app of each corp, and a bot for each account that takes its messages. */
  async add(corps: readonly KfCorp[], bots: readonly MessageBot[]): Promise<void> {
    for (const { app } of corps) await this.#post('apps', app);
    for (const [index, bot] of bots.entries()) {
      const { corp, openKfId } = bot.account;
      const callback = bot.kind === 'callback' ? { callback: { url: bot.url, timeoutMs: TIMEOUT_MS } } : {};
      bot.made = await this.#post<MadeBot>('bots', {
        ...{ name: openKfId, corpId: corp.app.corpId, openKfIds: [openKfId], kind: bot.kind },
        ...{ takes: 'message', order: index % BY_CUSTOMER_EVERY === 0 ? 'customer' : 'account' },
        ...{ corpSecret: corp.corpSecret, since: new Date(Date.now() - SINCE_MS).toISOString() },
        ...callback,
      });
    }
    if (this.replicas.length > 1) await sleep(KNOWN_EVERYWHERE_MS);
  }

  async killOne(random: Seeded): Promise<void> {
    await random.pick(this.replicas).kill(random);
  }

  /** @returns what did not hold. */
  async stop(): Promise<string[]> {
    const codes = await Promise.all(this.replicas.map((replica) => replica.stop()));
    return codes.filter((code) => code !== 0).map((code) => `a manager ended with ${code} on SIGTERM`);
  }

  /** Asks again while the database is too busy to answer. */
  async #post<T>(path: string, body: object): Promise<T> {
    const [replica] = this.replicas;
    for (let triesLeft = POST_TRIES; ; triesLeft--) {
      const response = await postJson(`${replica?.url}/api/v1/${path}`, body);
      const text = await response.text();
      if (response.ok) return JSON.parse(text) as T;
      if (response.status !== 503 || triesLeft === 1) throw new Error(`${path}: ${response.status} ${text}`);
      await sleep(POST_AGAIN_MS);
    }
  }
}
