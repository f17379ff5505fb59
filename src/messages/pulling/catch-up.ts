import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import { Coverage } from './coverage.js';
import { EventlessPulls } from './eventless-pulls.js';
import { type Addressee, accountKey } from '../../kernel/account.js';

const AT_ONCE = 1_000;
/** After a pull that failed, doubled each time: WeCom may be out of reach for hours. */
const AGAIN_FIRST_MS = 10_000;
const AGAIN_LAST_MS = 600_000;

/** An account that is to be pulled. */
interface Behind extends Addressee {
  readonly key: string;
  readonly bot: string;
  /** When this process began to know of it, store time. */
  readonly sinceMs: number;
  /** Pulls that failed. */
  readonly tries: number;
}

/**
 * Pulls an account once without an event when this process begins to know that a bot takes its messages: at the start, and when
 * it gets a bot. What customers wrote meanwhile is then given without waiting for their next event. In memory: if this process
 * ends before, the next one begins anew. Such pulls have no sync token, so they share the resyncs that a corp may have.
 */
@Injectable()
export class CatchUp implements OnApplicationShutdown {
  /** The id of the bot that takes the account's messages, `''` for none. By account. */
  readonly #bots = new Map<string, string>();
  readonly #behind = new Map<string, Behind>();
  /** Corps with an account that is behind. */
  readonly #running = new Set<string>();
  #isStopped = false;

  constructor(
    private readonly pulls: EventlessPulls,
    private readonly destinations: Destinations,
    private readonly coverage: Coverage,
    private readonly known: KnownAccounts,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /** Call it as often as bots may have changed. @throws AppError `STORE_UNAVAILABLE` */
  async lookAtAll(): Promise<void> {
    await this.#look(await this.coverage.refresh());
  }

  /** Call it when another bot may have the account. @param isMoved whether a bot that was there before has got it. */
  lookAt(account: Addressee, isMoved: boolean): void {
    if (isMoved && this.destinations.find(account).isPulled) this.coverage.begins(account);
    if (this.coverage.has(account)) void this.#look([account]);
  }

  async #look(accounts: readonly Addressee[]): Promise<void> {
    for (const [n, account] of accounts.entries()) {
      // Others have their turn: there may be a hundred thousand.
      if (n % AT_ONCE === AT_ONCE - 1) await nextTurn();
      const { bot, isPulled } = this.destinations.find(account);
      const id = bot !== null && isPulled ? bot.id : '';
      const key = accountKey(account);
      if ((this.#bots.get(key) ?? '') === id) continue;
      this.#bots.set(key, id);
      this.#behind.delete(key);
      if (id !== '') this.#add({ ...account, key, bot: id, sinceMs: this.storeClock.nowMs(), tries: 0 });
    }
  }

  onApplicationShutdown(): void {
    this.#isStopped = true;
    this.#behind.clear();
  }

  /** An event has brought everything that its account was behind by. */
  pulled(delivery: RecordedAttempt): void {
    const { botId } = delivery;
    if (botId === null) return;
    const key = accountKey(delivery);
    this.#behind.delete(key);
    this.#bots.set(key, botId);
  }

  #add(behind: Behind): void {
    if (this.#isStopped || this.#bots.get(behind.key) !== behind.bot) return;
    this.#behind.set(behind.key, behind);
    const { corpId } = behind;
    if (this.#running.has(corpId)) return;
    this.#running.add(corpId);
    void this.#runAll(corpId);
  }

  /** One after the other, the bots of the corp in turns. */
  async #runAll(corpId: string): Promise<void> {
    for (let last = ''; ;) {
      const next = this.#nextOf(corpId, last);
      if (next === null) break;
      last = next.bot;
      // The store may be away.
      const afterMs = await this.#pull(next).catch(() => againMs(next));
      if (this.#behind.get(next.key) === next) this.#behind.delete(next.key);
      if (afterMs !== null) this.clock.after(afterMs, () => this.#add({ ...next, tries: next.tries + 1 }));
    }
    this.#running.delete(corpId);
  }

  /** Of another bot than the last one, if there is one; in the order in which they were added. */
  #nextOf(corpId: string, lastBot: string): Behind | null {
    const ofCorp = [...this.#behind.values()].filter((one) => one.corpId === corpId);
    return ofCorp.find(({ bot }) => bot !== lastBot) ?? ofCorp[0] ?? null;
  }

  /** @returns `null` when nothing is left to do; else when to try again, in milliseconds. */
  async #pull(behind: Behind): Promise<number | null> {
    const { key, bot, sinceMs, tries } = behind;
    const isStill = (): boolean => this.#behind.get(key) === behind;
    const ended = await this.pulls.run(behind, bot, tries === 0 ? sinceMs : null, isStill);
    if (ended === null || ended.taken || this.known.has(behind) === false) return null;
    return Math.max(againMs(behind), ended.retryAfterMs ?? 0);
  }
}

function againMs({ tries }: Behind): number {
  return Math.min(AGAIN_FIRST_MS * 2 ** tries, AGAIN_LAST_MS);
}
