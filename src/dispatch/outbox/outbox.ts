import {
  afterFailure,
  afterGivenUp,
  afterLateFailure,
  afterTaken,
  afterTakenEvent,
  type Dated,
  datedOf,
  type Hint,
  type HintCounts,
  type HintHead,
  merge,
  type NewHint,
  type Rescheduled,
  toHead,
  toHint,
  toHintCounts,
  toLine,
  toNewest,
  toReplayed,
  toWaiting,
} from '../../queue/event.js';
import { type Line, LINE_STATES, type LineHead, lineKey, toLeased } from '../../storage/queue/line.js';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { failpoint } from '../../kernel/failpoint.js';
import type { Failure } from '../../queue/failure.js';
import { type Claimed, type DueLines, Lines, type LineType, type Stepped } from '../../queue/lines.js';
import { type LineFilter, type LineOrder, QueueStore } from '../../storage/queue/queue-store.js';
import { UnregisteredRoom } from './unregistered-room.js';
import { accountKey, readAccountKey } from '../../kernel/account.js';

/** A hint that this process has leased. */
export type ClaimedHint = Claimed<Hint>;

/** Identifies the hint, its generation and its lease when an outcome is reported. */
export interface Held {
  readonly key: string;
  /** The generation that was attempted. */
  readonly generation: string;
  /** `null` when nobody has leased the hint. */
  readonly leaseId: string | null;
}

export interface Kept {
  readonly generation: string;
  /** Identifies the event that is kept now. */
  readonly dated: Dated;
  /** The generation that was merged into this one; `null` when the account had no hint. */
  readonly replaced: string | null;
  /** How many events gave way to the events of this put, and no longer wait. */
  readonly merged: number;
  /** The running lease: that of `put`, unless the hint already had one. */
  readonly leaseId: string | null;
  /** `null` when the hint is parked. */
  readonly dueAtMs: number | null;
}

export interface HintPage {
  readonly hints: readonly HintHead[];
  /** Pass it to get the next page; `null` on the last page. */
  readonly cursor: string | null;
}

/** Where a page goes on after this hint. */
export function cursorOf(hint: LineHead, order: LineOrder): string {
  return order === 'account' ? accountKey(hint) : `${hint.waitingSinceMs} ${accountKey(hint)}`;
}

/** Corps that have an account of the same id. */
const OF_ACCOUNT_MAX = 1_000;

/** The latest that a date can have (ECMA-262, 21.4.1.1). */
const LATEST_MS = 8.64e15;

/** @param cursor of that order. Any other text gives some place in the list, and no error. */
function readCursor(
  cursor: string,
  order: LineOrder,
): { readonly waitingSinceMs: number; readonly key: string } {
  const space = order === 'account' ? -1 : cursor.indexOf(' ');
  const waitingSinceMs = Math.min(Number(cursor.slice(0, Math.max(space, 0))) || 0, LATEST_MS);
  return { waitingSinceMs, key: `event ${cursor.slice(space + 1)}` };
}

const HINTS: LineType<Hint> = { kind: 'event', toLine, fromLine: toHint };

/**
 * The durable set of hints that no bot has taken yet, one per kf account. If the account's bot gets each event, its
 * hint has up to 20 events. `nowMs` is always store time. Methods reject with AppError `STORE_UNAVAILABLE`. The write
 * may have happened, and is safe to repeat.
 *
 * Only the holder of a lease delivers the hint. A lease that is neither renewed nor ended lapses, and anybody may
 * claim the hint again. So a hint may be delivered twice; puppets deduplicate by `webhook-id`. Calls with a lease
 * that was taken over change nothing.
 */
@Injectable()
export class Outbox {
  readonly #lines: Lines<Hint>;
  readonly #unregistered: UnregisteredRoom;

  constructor(
    private readonly store: QueueStore,
    clock: Clock,
  ) {
    this.#lines = new Lines(store, HINTS);
    this.#unregistered = new UnregisteredRoom(clock, (corpId) => store.countWithoutEndpoint('event', corpId));
  }

  /** Who sends the hints, and when. */
  get lines(): DueLines<Hint> {
    return this.#lines;
  }

  /**
   * Keeps the event and merges it with the hint of its account, if there is one: see `merge`. Durable when it resolves.
   * @param isNew whether probably nothing waits for the account.
   * @throws AppError `OUTBOX_FULL` when the corp has hints for `UNREGISTERED_PER_CORP_MAX` accounts without registration.
   */
  put(put: NewHint, nowMs: number, isNew = true): Promise<Kept> {
    return this.putAll([put], nowMs, isNew);
  }

  /** As `put`, with events of one account, in their order. */
  async putAll(puts: readonly [NewHint, ...NewHint[]], nowMs: number, isNew = true): Promise<Kept> {
    const [{ event, dueAtMs, endpoint }, ...others] = puts;
    const isParked = dueAtMs === null;
    const mergeAll = (before: Hint | null): Hint =>
      others.reduce((hint, put) => merge(hint, put, nowMs), merge(before, puts[0], nowMs));
    const keep = async (): Promise<Kept> => {
      failpoint('outbox.putting');
      const { before, after } = await this.#lines.change(event, mergeAll, isNew && !isParked);
      const hint = after ?? mergeAll(null);
      return {
        generation: hint.generation,
        dated: datedOf(hint),
        replaced: before?.generation ?? null,
        merged: (before?.events ?? 0) + puts.length - hint.events,
        leaseId: hint.lease?.id ?? null,
        dueAtMs: hint.dueAtMs,
      };
    };
    const needsRoom = isParked && endpoint === null && (await this.#lines.find(event)) === null;
    return needsRoom ? this.#unregistered.fill(event.corpId, keep) : keep();
  }

  /**
   * Leases the newest event for a puppet that registered at `endpoint`, and removes the other events of the hint. The
   * state of the hint does not matter, and a running lease is taken over.
   * @returns `null` when the account has no hint.
   */
  async claimOf(key: string, endpoint: string, nowMs: number, leaseMs: number): Promise<ClaimedHint | null> {
    const { before, after } = await this.#lines.change(readAccountKey(key), (hint) =>
      hint === null ? null : toLeased(toWaiting(toNewest(hint, nowMs), endpoint, nowMs), nowMs + leaseMs),
    );
    if (before === null || after === null || after.lease === null) return null;
    return { ...after, lease: after.lease, isTakenOver: before.lease !== null };
  }

  /**
   * Removes the event of this generation after its bot took it. A newer generation, or what waits behind that event, stays,
   * unleased and due at once, and waits only since it arrived itself.
   */
  async settle(held: Held, nowMs: number): Promise<void> {
    const { generation, leaseId } = held;
    await this.#changeHeld(held, nowMs, (hint) => afterTaken(hint, generation, leaseId, nowMs));
  }

  /**
   * For a bot that gets each event: removes the one that it took without a claim. Leases of others stay:
   * see `afterTakenEvent`.
   */
  async settleEvent(key: string, eventId: string, nowMs: number): Promise<void> {
    await this.#lines.change(readAccountKey(key), (hint) =>
      hint === null ? null : afterTakenEvent(hint, eventId, nowMs),
    );
  }

  /**
   * Ends the lease of a failed attempt. Its event was kept under that lease, and may wait anywhere: see
   * `afterLateFailure`.
   */
  async freeEvent(key: string, leaseId: string, dueAtMs: number): Promise<void> {
    await this.#lines.change(readAccountKey(key), (hint) =>
      hint === null ? null : afterLateFailure(hint, leaseId, dueAtMs),
    );
  }

  /** Sets the next time after a failed attempt and ends the lease. */
  async reschedule(held: Held, next: Rescheduled, nowMs: number): Promise<void> {
    await this.#changeHeld(held, nowMs, (hint) => afterFailure(hint, held.generation, next));
  }

  /** Ends the lease when no attempt was made. */
  async release(held: Held, dueAtMs: number, nowMs: number): Promise<void> {
    await this.#changeHeld(held, nowMs, (hint) =>
      hint.state === 'waiting' ? { ...hint, dueAtMs, lease: null } : hint,
    );
  }

  /**
   * Gives up the event of this generation: see `afterGivenUp`. A newer generation stays, unleased and due at once.
   * @returns whether this call gave it up.
   */
  async bury(held: Held, failure: Failure, nowMs: number): Promise<boolean> {
    const { generation, leaseId } = held;
    const stepped = await this.#changeHeld(held, nowMs, (hint) =>
      afterGivenUp(hint, generation, failure, leaseId, nowMs),
    );
    return stepped?.before?.generation === generation;
  }

  /** Leaves the newest event, unleased and due at once, for a bot that gets one hint for all. */
  async keepNewest(held: Held, nowMs: number): Promise<void> {
    await this.#changeHeld(held, nowMs, (hint) => toNewest(hint, nowMs));
  }

  /** Makes the hint due at once for a puppet at `endpoint`, also when it is parked or dead. A running lease stays. */
  async wake(key: string, endpoint: string, nowMs: number): Promise<void> {
    await this.#lines.change(readAccountKey(key), (hint) =>
      hint === null ? null : toWaiting(hint, endpoint, nowMs),
    );
  }

  /**
   * Lists a page. By `waitingSince` it looks at all hints of the states, so call that only for an operator.
   * @param cursor the `cursorOf` of the last hint of the page before, of the same order; `null` for the first page.
   */
  async list(
    filter: LineFilter,
    cursor: string | null,
    limit: number,
    order: LineOrder = 'account',
  ): Promise<HintPage> {
    const after = cursor === null ? null : readCursor(cursor, order);
    const lines = await this.store.list('event', filter, after, limit + 1, order);
    const page = lines.slice(0, limit);
    const last = page.at(-1);
    // The last line may be one that cannot be read: the list goes on after it.
    const isLast = lines.length <= limit || last === undefined;
    return { hints: toHeads(page), cursor: isLast ? null : cursorOf(last, order) };
  }

  find(key: string): Promise<Hint | null> {
    return this.#lines.find(readAccountKey(key));
  }

  /** Finds the hints of these keys, at most a page of them. The map has an entry for each key that has a hint. */
  async findHeads(keys: readonly string[]): Promise<ReadonlyMap<string, HintHead>> {
    const lineKeys = keys.map((key) => lineKey('event', readAccountKey(key)));
    const filter = { states: LINE_STATES, corpId: null, keys: lineKeys };
    const lines = await this.store.list('event', filter, null, keys.length, 'account');
    return new Map(toHeads(lines).map((head) => [accountKey(head), head]));
  }

  /** The hints of the account, one per corp. Scans the whole outbox, so call it only for an operator's request. */
  async findOfAccount(openKfId: string): Promise<readonly HintHead[]> {
    const filter = { states: LINE_STATES, corpId: null, openKfId };
    return toHeads(await this.store.list('event', filter, null, OF_ACCOUNT_MAX, 'account'));
  }

  /**
   * Sends the hint again as a new event, in whatever state it is: see `toReplayed`. A running lease stays.
   * @returns the hint as it was before; `null` when the account has none.
   */
  async replay(key: string, endpoint: string, nowMs: number): Promise<Hint | null> {
    const { before } = await this.#lines.change(readAccountKey(key), (hint) =>
      hint === null ? null : toReplayed(hint, endpoint, nowMs),
    );
    return before;
  }

  /**
   * Removes the hint, with all its events, if it is still of this generation. Its state and its lease do not matter.
   * @returns false when the hint is of another generation; true when there is none any more, also if there was none before.
   */
  async drop(key: string, generation: string): Promise<boolean> {
    const { after } = await this.#lines.change(readAccountKey(key), (hint) =>
      hint?.generation === generation ? null : hint,
    );
    return after === null;
  }

  async counts(): Promise<HintCounts> {
    return toHintCounts(await this.store.count('event'));
  }

  /** If nobody has taken its lease over; where it has none, if no lease runs. */
  #changeHeld(
    { key, leaseId }: Held,
    nowMs: number,
    step: (hint: Hint) => Hint | null,
  ): Promise<Stepped<Hint> | null> {
    const account = readAccountKey(key);
    return leaseId === null
      ? this.#lines.changeFree(account, nowMs, step)
      : this.#lines.changeHeld(account, leaseId, step);
  }
}

function toHeads(lines: readonly Line[]): readonly HintHead[] {
  return lines.map(toHead).filter((head) => head !== null);
}
