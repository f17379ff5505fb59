import { Inject, Injectable } from '@nestjs/common';
import { BackgroundWork } from '../../kernel/background-work.js';
import type { RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { EventQueue } from '../../queue/event-queue.js';
import { hasSeenNothing } from '../../dispatch/later/sender.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import type { OwnPull } from '../../wecom/proxy/queued-messages.js';
import { Pulls } from '../queue/pulls.js';
import { accountKey, type Addressee, readAccountKey } from '../../kernel/account.js';

/** Accounts that are remembered, with some 150 bytes each. */
const TAKEN_MAX = 20_000;
/** There may be a hundred thousand accounts. A page is read within some milliseconds. */
const PAGE_SIZE = 1_000;
const PAGES_MAX = 5;
/**
 * WeCom's event follows its message within some seconds. So a message may be sent before its account gets another
 * bot, and its event may come after that.
 */
const UNDER_WAY_MS = 10_000;
/** How far the store times of two replicas may differ: each knows the database's time to half a round trip. */
const CLOCKS_APART_MS = 500;

/**
 * Notes how far a recipient is that pulls by itself: by its cursor if it pulls through the manager, else by the time at
 * which it was told of the last event that it took. The next bot of the account does not get those messages again.
 */
@Injectable()
export class Coverage {
  /** Accounts with a cursor. */
  readonly #pulled = new Set<string>();
  /** Whether every account was read that had a cursor when this process started. */
  #knowsAll = false;
  /** Of the page that was read last. */
  #lastKey = '';
  /** The last write of each account, while it is under way. */
  readonly #writes = new Map<string, Promise<void>>();
  /** Times that wait to be written. */
  readonly #covering = new Map<string, { readonly untilMs: number; readonly takerId: string | null }>();
  /** When the bot of an account was told of the last event that it took, by account. Store time. */
  readonly #taken = new Map<string, number>();

  constructor(
    private readonly pulls: Pulls,
    private readonly bots: KnownBots,
    private readonly events: EventQueue,
    private readonly late: BackgroundWork,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** The account's messages are pulled. */
  pulled(account: Addressee): void {
    this.#pulled.add(accountKey(account));
  }

  has(account: Addressee): boolean {
    return this.#pulled.has(accountKey(account));
  }

  /** The keys of all of them. */
  keys(): Iterable<string> {
    return this.#pulled;
  }

  /** Resolves when the store knows all that was noted of the account, or cannot be told. */
  async whenWritten(account: Addressee): Promise<void> {
    await this.#writes.get(accountKey(account));
  }

  /**
   * Brings in the accounts that others have pulled: all of them at first. From then on only other replicas pull any that this
   * process does not know, which it finds a few pages at a time. @returns all. @throws AppError `STORE_UNAVAILABLE`
   */
  async refresh(): Promise<readonly Addressee[]> {
    for (let pages = 0; !this.#knowsAll || (this.pulls.isShared && pages < PAGES_MAX); pages++) {
      const { accounts, lastKey } = await this.pulls.listAccounts(this.#lastKey, PAGE_SIZE);
      for (const account of accounts) this.#pulled.add(accountKey(account));
      this.#lastKey = lastKey ?? '';
      if (lastKey !== null) continue;
      this.#knowsAll = true;
      break;
    }
    return [...this.#pulled].map(readAccountKey);
  }

  /** A recipient has pulled the account by itself, and has been sent all of the answer. */
  moved(account: Addressee, pull: OwnPull): void {
    const { corpId, openKfId } = account;
    const nowMs = this.storeClock.nowMs();
    this.#pulled.add(accountKey(account));
    this.#write(account, () => this.pulls.moveCursor({ corpId, openKfId }, pull, nowMs));
  }

  /** The program has read nothing of the answer that `moved` was called for. */
  unread(account: Addressee, { beganAtMs }: OwnPull): void {
    this.#goBack(account, beganAtMs);
  }

  /** A bot that takes messages gets the account of another one. It begins where that one ended, as far as this process knows. */
  begins(account: Addressee): void {
    const { corpId, openKfId } = account;
    const nowMs = this.storeClock.nowMs();
    const takenMs = this.#taken.get(accountKey(account));
    this.#write(account, async () => {
      const hint = takenMs === undefined ? await this.events.find(account) : null;
      const fromMs = takenMs ?? Math.min(nowMs, hint?.waitingSinceMs ?? nowMs) - UNDER_WAY_MS;
      await this.pulls.beginAt({ corpId, openKfId }, fromMs);
    });
  }

  /** A recipient that pulls by itself was told of an event. */
  told(delivery: RecordedAttempt): void {
    const { result, botId } = delivery;
    if (this.#pulled.size === 0 && botId === null) return;
    const key = accountKey(delivery);
    const toldAtMs = Math.floor(delivery.atMs - delivery.durationMs);
    const takerId = botId !== null && this.bots.find(botId)?.api === 'manager' ? botId : null;
    if (!result.taken) {
      // The bot may want to pull again what it pulled for this event.
      if (takerId !== null && !hasSeenNothing(result.stage)) this.#goBack(delivery, toldAtMs);
      return;
    }
    // The bot need not have pulled what was sent while it was at work, so the beginning of the attempt counts.
    if (botId !== null) this.#noteTaken(key, toldAtMs);
    if (!this.#pulled.has(key)) return;
    const waiting = this.#covering.get(key);
    this.#covering.set(key, { untilMs: Math.max(toldAtMs, waiting?.untilMs ?? 0), takerId });
    if (waiting === undefined) this.#cover(delivery, key);
  }

  /**
   * What was pulled since `sinceMs` counts as not pulled. Another replica, whose clock differs a little, may
   * have served the pull.
   */
  #goBack({ corpId, openKfId }: Addressee, sinceMs: number): void {
    const account = { corpId, openKfId };
    const apartMs = this.pulls.isShared ? CLOCKS_APART_MS : 0;
    const untilMs = Math.ceil(this.storeClock.nowMs()) + apartMs;
    this.#write(account, () => this.pulls.goBack(account, Math.floor(sinceMs) - apartMs, untilMs));
  }

  #cover({ corpId, openKfId }: Addressee, key: string): void {
    const account = { corpId, openKfId };
    this.#write(account, async () => {
      const { untilMs, takerId } = this.#covering.get(key) ?? { untilMs: 0, takerId: null };
      this.#covering.delete(key);
      await this.pulls.cover(account, untilMs, takerId);
    });
  }

  #noteTaken(key: string, toldAtMs: number): void {
    const latestMs = Math.max(toldAtMs, this.#taken.get(key) ?? 0);
    this.#taken.delete(key);
    this.#taken.set(key, latestMs);
    const [first] = this.#taken.size > TAKEN_MAX ? this.#taken.keys() : [];
    if (first !== undefined) this.#taken.delete(first);
  }

  /**
   * Writes of an account run one after the other. If one fails, a message may be given twice after a change of bot,
   * and a cursor that should go back stays.
   */
  #write(account: Addressee, write: () => Promise<void>): void {
    const key = accountKey(account);
    const before = this.#writes.get(key) ?? Promise.resolve();
    const written = before.then(write).catch((err: unknown) => {
      this.log.debug({ openKfId: account.openKfId, err }, 'message.cover_failed');
    });
    this.#writes.set(key, written);
    const isOver = written.then(() => {
      if (this.#writes.get(key) === written) this.#writes.delete(key);
    });
    void this.late.add(isOver);
  }
}
