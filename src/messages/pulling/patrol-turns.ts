import { type Addressee, accountKey } from '../../kernel/account.js';
import { PATROL_TIMES } from './patrol-times.js';

/** For how long an account has customers of late after an event or a find. */
const OF_LATE_MS = 3_600_000;
/** Accounts with customers of late among which one with a sync token is sought. */
const SOUGHT_MAX = 200;

/** An account, and the bot that takes its messages. */
export interface WatchedAccount extends Addressee {
  readonly botId: string;
}

/** One that is to be pulled unless that was done within `quietMs`. */
export interface DuePull extends WatchedAccount {
  readonly quietMs: number;
}

interface Place extends WatchedAccount {
  /** When it was pulled last, as far as this process knows; store time. */
  lookedAtMs: number;
  /** When a customer wrote last, as far as this process knows; 0 for never. */
  customerAtMs: number;
}

/** Which turn accounts of a corp have. Every second turn is of accounts with customers of late, the others are of the rest. */
export class PatrolTurns {
  /** Those that were looked at longest ago come first. */
  readonly #ofLate = new Map<string, Place>();
  readonly #others = new Map<string, Place>();
  #isTurnOfOthers = false;

  get size(): number {
    return this.#ofLate.size + this.#others.size;
  }

  /** How many accounts have their turns before one without customers of late has its next, at most. */
  get turnsUntilSeen(): number {
    return this.#others.size * (this.#ofLate.size > 0 ? 2 : 1);
  }

  /** Sets whom it is about. One that is new counts as looked at now: its bot catches up at first. */
  setAll(all: readonly WatchedAccount[], nowMs: number): void {
    const byKey = new Map(all.map((one) => [accountKey(one), one]));
    for (const places of [this.#ofLate, this.#others])
      for (const [key, { botId }] of places) if (byKey.get(key)?.botId !== botId) places.delete(key);
    for (const [key, one] of byKey)
      if (!this.#ofLate.has(key) && !this.#others.has(key))
        this.#others.set(key, { ...one, lookedAtMs: nowMs, customerAtMs: 0 });
  }

  /** It was pulled then. @param hasCustomer whether because of a customer. */
  pulled(key: string, atMs: number, hasCustomer: boolean, nowMs: number): void {
    const place = this.#ofLate.get(key) ?? this.#others.get(key);
    if (place === undefined) return;
    place.lookedAtMs = Math.max(place.lookedAtMs, atMs);
    if (hasCustomer) place.customerAtMs = Math.max(place.customerAtMs, atMs);
    this.#ofLate.delete(key);
    this.#others.delete(key);
    const places = nowMs - place.customerAtMs < OF_LATE_MS ? this.#ofLate : this.#others;
    places.set(key, place);
  }

  /**
   * The account whose turn it is; `null` when none is due.
   * @param hasToken whether it can be pulled with a sync token.
   * @param isLimited whether none can be pulled without.
   */
  next(nowMs: number, hasToken: (account: Addressee) => boolean, isLimited: boolean): DuePull | null {
    if (isLimited) return this.#firstWithToken(nowMs, hasToken);
    const ofLate = dueOf(this.#ofLate, nowMs, PATROL_TIMES.lateQuietMs);
    const other = dueOf(this.#others, nowMs, PATROL_TIMES.quietMs);
    this.#isTurnOfOthers = !this.#isTurnOfOthers;
    return this.#isTurnOfOthers ? (other ?? ofLate) : (ofLate ?? other);
  }

  #firstWithToken(nowMs: number, hasToken: (account: Addressee) => boolean): DuePull | null {
    let left = SOUGHT_MAX;
    for (const place of this.#ofLate.values()) {
      if (nowMs - place.lookedAtMs < PATROL_TIMES.lateQuietMs || left-- === 0) return null;
      if (hasToken(place)) return { ...place, quietMs: PATROL_TIMES.lateQuietMs };
    }
    return null;
  }
}

function dueOf(places: ReadonlyMap<string, Place>, nowMs: number, quietMs: number): DuePull | null {
  const [first] = places.values();
  return first !== undefined && nowMs - first.lookedAtMs >= quietMs ? { ...first, quietMs } : null;
}
