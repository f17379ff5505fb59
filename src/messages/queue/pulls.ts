import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Addressee, accountKey, toAddressee } from '../../kernel/account.js';
import { failpoint } from '../../kernel/failpoint.js';
import type { Lease } from '../../storage/queue/line.js';
import { QueueStore } from '../../storage/queue/queue-store.js';
import { type Records, RecordStore } from '../../storage/records/records.js';
import type { OwnPull } from '../../wecom/proxy/queued-messages.js';
import { type KeptPage, MessageQueue, type NewPage, type Turn } from '../../queue/message-queue.js';
import {
  covered,
  type CursorBefore,
  cursorBefore,
  cursorOf,
  goneBack,
  handedOver,
  isPulled,
  newPullState,
  PULL_STATES,
  type PullState,
  withCursor,
  withOwnPull,
} from './pull-state.js';

/** A page has at most 1,000 messages and takes longer than a millisecond, so two pages never get the same numbers. */
const SEQS_PER_MS = 1_000;

/** What one pull brought. */
export interface PulledPage extends NewPage {
  /** WeCom's `next_cursor`; `null` where it gave none: then the last one stays. */
  readonly cursor: string | null;
  /**
   * Identifies the bot, since when it takes messages, and from when on they are for it. It differs from the last
   * page's after a change.
   */
  readonly regime: string;
  /** Whether WeCom has no further page, so that the pull is over when this one is kept. */
  readonly isLast: boolean;
}

/** What is known of a pull that this process has begun. */
interface Pulling extends Lease {
  readonly nextSeq: number;
  /** Messages of the account that wait at most. */
  readonly waiting: number;
}

/** The right to pull an account's messages, which one process has at a time. */
export interface PullLease {
  readonly id: string;
  /** Where this app's last pull ended; `null` before the first one, `''` where all is to be pulled once more. */
  readonly cursor: string | null;
  /** The regime of the last pull; `null` before the first one. See `PulledPage.regime`. */
  readonly regime: string | null;
  /** Until when another recipient is known to have taken the account's events; 0 when none is. Store time. */
  readonly coveredUntilMs: number;
  /** Whether that recipient ended at this cursor: then the cursor counts, and not `coveredUntilMs`. */
  readonly isFromRecipient: boolean;
  /** Messages of the account that wait. */
  readonly waiting: number;
}

export interface AccountPage {
  readonly accounts: readonly Addressee[];
  /** Pass it to get the next page; `null` on the last page. */
  readonly lastKey: string | null;
}

/**
 * From where each account is pulled, by the manager and by other recipients, and who pulls it now. `nowMs` is always store time. Methods
 * reject with AppError `STORE_UNAVAILABLE`; a write may have happened, and is safe to repeat.
 */
@Injectable()
export class Pulls {
  readonly #states: Records<PullState>;
  /** Identifies this process: a lease of an earlier process has another id. */
  readonly #process = randomUUID();
  /** Pulls of this process, by account. */
  readonly #pulling = new Map<string, Pulling>();

  constructor(
    private readonly store: QueueStore,
    private readonly messages: MessageQueue,
    records: RecordStore,
  ) {
    this.#states = records.of(PULL_STATES);
  }

  /** Whether other processes pull, too. */
  get isShared(): boolean {
    return this.store.isShared;
  }

  /** Leases the pulling of the account. @returns `null` while another process has it. */
  async begin(account: Addressee, appId: string, nowMs: number, leaseMs: number): Promise<PullLease | null> {
    this.store.requireRoom('entries');
    const lease = { id: `${this.#process} ${randomUUID()}`, untilMs: nowMs + leaseMs };
    const { outcome, record } = await this.#states.change(accountKey(account), (state) =>
      this.#isPulled(state, nowMs) ? null : { ...(state ?? newPullState(account)), lease },
    );
    if (outcome !== 'written' || record === null) return null;
    const { regime, mover, coveredUntilMs } = record;
    const cursor = cursorOf(record, appId);
    const isFromRecipient = mover?.appId === appId && cursor !== '';
    const { waiting } = await this.messages.counts(account);
    if (waiting > 0) await this.messages.resume(account, record.endpoint, nowMs);
    this.#pulling.set(accountKey(account), { ...lease, nextSeq: record.nextSeq, waiting });
    return { id: lease.id, cursor, regime, coveredUntilMs, isFromRecipient, waiting };
  }

  /**
   * Keeps what is new, and only then moves the cursor; both are durable when it resolves. The lease runs anew, or ends with the
   * last page. What was kept waits for `page.endpoint` and is due at once.
   * @returns what has become of it; `null` when the lease is not held any more: the cursor is as it was, and a message may
   *   have been kept all the same.
   * @throws AppError `STORE_UNAVAILABLE`, also on a disk that runs low
   */
  async keep(
    account: Addressee,
    leaseId: string,
    page: PulledPage,
    nowMs: number,
    leaseMs: number,
  ): Promise<KeptPage | null> {
    const { appId, cursor, regime, endpoint } = page;
    const pulling = this.#pulling.get(accountKey(account));
    if (pulling?.id !== leaseId || pulling.untilMs <= nowMs) return null;
    // Higher than the number of every kept message, even where the state of the account was lost.
    const firstSeq = Math.max(pulling.nextSeq, nowMs * SEQS_PER_MS);
    const kept = await this.messages.append(account, page, firstSeq, pulling.waiting, nowMs);
    const lease = { id: leaseId, untilMs: nowMs + leaseMs };
    const nextSeq = firstSeq + page.messages.length;
    const { outcome } = await this.#states.change(accountKey(account), (now) =>
      now === null || !isPulling(now, leaseId, nowMs)
        ? null
        : {
            ...(cursor === null ? now : withCursor(now, appId, cursor)),
            regime,
            endpoint,
            pulledAtMs: nowMs,
            nextSeq,
            lease: page.isLast ? null : lease,
          },
    );
    failpoint('messages.kept');
    if (outcome !== 'written') return null;
    if (page.isLast) this.#pulling.delete(accountKey(account));
    else this.#pulling.set(accountKey(account), { ...lease, nextSeq, waiting: kept.waiting });
    return kept;
  }

  /** Does nothing for a pull that is over. */
  async end(account: Addressee, leaseId: string): Promise<void> {
    if (this.#pulling.get(accountKey(account))?.id !== leaseId) return;
    this.#pulling.delete(accountKey(account));
    await this.#states.change(accountKey(account), (state) =>
      state?.lease?.id === leaseId ? { ...state, lease: null } : null,
    );
  }

  /**
   * The cursor for another program that pulls the account with this app: where the last pull ended, or,
   * while messages wait, where the page of the first one began, since that program has to get them too.
   * `''` stands for the beginning.
   */
  async findCursor(account: Addressee, appId: string): Promise<string> {
    const read = async (): Promise<string> => {
      const state = await this.#states.find(accountKey(account));
      return (state === null ? null : cursorOf(state, appId)) ?? '';
    };
    for (let cursor = await read(); ;) {
      const first = await this.messages.findEarliest(account);
      if (first !== null) return cursorBefore(first, appId);
      // If the cursor has moved meanwhile, a message that came with it may wait by now.
      const again = await read();
      if (again === cursor) return cursor;
      cursor = again;
    }
  }

  /**
   * Another recipient has pulled the account by itself, and was given everything up to the cursor. If it pulled
   * everything from where the page of the first waiting message began, it was given that page too: the waiting
   * messages of that page are removed, their ids stay known, and a pull under way keeps nothing more. Does nothing
   * for a pull that began before `goBack` was last called.
   */
  async moveCursor(account: Addressee, pull: OwnPull, nowMs: number): Promise<void> {
    const { appId, from, isAll } = pull;
    const first = isAll ? await this.messages.findEarliest(account) : null;
    const hasAll = first !== null && cursorBefore(first, appId) === from;
    const { outcome } = await this.#states.change(accountKey(account), (state) => {
      const moved = withOwnPull(state ?? newPullState(account), pull, nowMs);
      return moved === null || !hasAll ? moved : { ...moved, lease: null };
    });
    if (outcome !== 'written' || !hasAll) return;
    this.#pulling.delete(accountKey(account));
    await this.messages.taken({ ...toAddressee(account), pageCursor: from }, nowMs);
  }

  /**
   * Undoes what recipients have pulled by themselves since `sinceMs`, 60 s at most: each app's cursor goes
   * back to where it was.
   * @param untilMs when this became known. A pull that had begun by then moves no cursor, whenever it ends.
   */
  async goBack(account: Addressee, sinceMs: number, untilMs: number): Promise<void> {
    await this.#states.change(accountKey(account), (state) =>
      goneBack(state ?? newPullState(account), sinceMs, untilMs),
    );
  }

  /**
   * Remembers that another recipient took the account's events until `untilMs`. Does nothing for an account without a
   * cursor. The cursor counts as where this recipient ended only if this recipient moved it last.
   * @param takerId `null` for one whose cursor is not known.
   */
  async cover(account: Addressee, untilMs: number, takerId: string | null): Promise<void> {
    await this.#states.change(accountKey(account), (state) =>
      state === null ? null : covered(state, untilMs, takerId),
    );
  }

  /**
   * The first pull of the account gets what was sent since `fromMs`. Does nothing for an account that was
   * pulled or covered before.
   */
  async beginAt(account: Addressee, fromMs: number): Promise<void> {
    await this.#states.change(accountKey(account), (before) => {
      const state = before ?? newPullState(account);
      return isPulled(state) || state.coveredUntilMs > 0 ? null : { ...state, coveredUntilMs: fromMs };
    });
  }

  /** The accounts with a cursor, of a page of all that is kept. @param afterKey of the page before; `''` for the first page. */
  async listAccounts(afterKey: string, limit: number): Promise<AccountPage> {
    const page = await this.#states.page(afterKey, limit);
    const last = page.length < limit ? undefined : page.at(-1);
    return { accounts: page.filter(isPulled).map(toAddressee), lastKey: last ? accountKey(last) : null };
  }

  /**
   * Removes the account's waiting messages, since another recipient gets one hint for all of them. Until it took that
   * hint, the messages may have to be pulled again. So their ids are forgotten too, the cursor goes back to where the
   * page of the first one began, that of each other app to `''`, and a pull under way keeps nothing more.
   * @param before a cursor that is nearer to the first message than where its page began.
   * @returns how many messages were removed.
   */
  handOver(turn: Turn, nowMs: number, before: CursorBefore | null): Promise<number> {
    // The cursors go first: if the process dies in between, the messages that are left are still known,
    // and not kept twice.
    return this.messages.discard(turn, nowMs, async (first) => {
      await this.#states.change(accountKey(turn), (state) =>
        state === null ? null : handedOver(state, first, before),
      );
      this.#pulling.delete(accountKey(turn));
    });
  }

  /** When a page of the account was kept last, by any process; 0 before the first. Store time. */
  async pulledAtMs(account: Addressee): Promise<number> {
    return (await this.#states.find(accountKey(account)))?.pulledAtMs ?? 0;
  }

  /**
   * Whether a pull runs. In a store of one process, a lease of another process is left from an earlier
   * one and does not count.
   */
  #isPulled(state: PullState | null, nowMs: number): boolean {
    const lease = state?.lease ?? null;
    if (lease === null || lease.untilMs <= nowMs) return false;
    return this.store.isShared || lease.id.startsWith(this.#process);
  }
}

function isPulling({ lease }: PullState, leaseId: string, nowMs: number): boolean {
  return lease !== null && lease.id === leaseId && lease.untilMs > nowMs;
}
