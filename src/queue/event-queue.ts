import { Injectable } from '@nestjs/common';
import { accountKey, type Addressee } from '../kernel/account.js';
import { Clock } from '../kernel/clock.js';
import { failpoint } from '../kernel/failpoint.js';
import { WakeUp } from '../kernel/wake-up.js';
import type { LineHead } from '../storage/queue/line.js';
import { type LineFilter, type LineOrder, QueueStore } from '../storage/queue/queue-store.js';
import {
  type EventDate,
  datedOf,
  type HeldHint,
  type Hint,
  type HintCounts,
  type HintHead,
  merge,
  type NewHint,
  toHead,
  toHint,
  toHintCounts,
  toLine,
} from './event.js';
import { type ClaimedLine, type DueLines, Lines, type LineType, type LineStep } from './lines.js';
import { UnregisteredRoom } from './unregistered-room.js';

/** A hint that this process has leased. */
export type ClaimedHint = ClaimedLine<Hint>;

export interface KeptHint {
  readonly generation: string;
  /** Identifies the event that is kept now. */
  readonly dated: EventDate;
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
 * hint has up to 20 events. What may become of a hint are the pure functions of `event.ts`, which `change` and
 * `changeHeld` write. `nowMs` is always store time. Methods reject with AppError `STORE_UNAVAILABLE`. The write may have
 * happened, and is safe to repeat.
 *
 * Only the holder of a lease delivers the hint. A lease that is neither renewed nor ended lapses, and anybody may
 * claim the hint again. So a hint may be delivered twice; puppets deduplicate by `webhook-id`.
 */
@Injectable()
export class EventQueue {
  /** Wakes the loop that sends the hints. */
  readonly added = new WakeUp();
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
   * Keeps events of one account, in their order, and merges them with its hint, if there is one: see `merge`. Durable when it
   * resolves.
   * @param isNew whether probably nothing waits for the account.
   * @throws AppError `OUTBOX_FULL` when the corp has hints for `UNREGISTERED_PER_CORP_MAX` accounts without registration.
   */
  async put(puts: readonly [NewHint, ...NewHint[]], nowMs: number, isNew = true): Promise<KeptHint> {
    const [{ event, dueAtMs, endpoint }, ...others] = puts;
    const isParked = dueAtMs === null;
    const mergeAll = (before: Hint | null): Hint =>
      others.reduce((hint, put) => merge(hint, put, nowMs), merge(before, puts[0], nowMs));
    const keep = async (): Promise<KeptHint> => {
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
   * Changes the hint of the account, if it has one, whoever has leased it.
   * @param step returns the new hint; `null` to remove it, and the same object to leave it. It runs again when another process
   *   changed the hint first.
   */
  change(account: Addressee, step: (hint: Hint) => Hint | null): Promise<LineStep<Hint>> {
    return this.#lines.change(account, (hint) => (hint === null ? null : step(hint)));
  }

  /**
   * As `change`, if nobody has taken its lease over; where it has none, if no lease runs.
   * @returns `null` otherwise: nothing was changed.
   */
  changeHeld(
    held: HeldHint,
    nowMs: number,
    step: (hint: Hint) => Hint | null,
  ): Promise<LineStep<Hint> | null> {
    return held.lease === null
      ? this.#lines.changeFree(held, nowMs, step)
      : this.#lines.changeHeld(held, held.lease.id, step);
  }

  find(account: Addressee): Promise<Hint | null> {
    return this.#lines.find(account);
  }

  /**
   * Lists a page. By `waitingSince` it looks at all hints of the states, and for an `openKfId` at all hints, so call that only for
   * an operator.
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
    const hints = page.map(toHead).filter((head) => head !== null);
    return { hints, cursor: isLast ? null : cursorOf(last, order) };
  }

  async counts(): Promise<HintCounts> {
    return toHintCounts(await this.store.count('event'));
  }
}
