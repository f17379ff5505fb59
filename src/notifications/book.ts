/**
 * What one receiver of notifications was told, and what it is still to be told. The functions are pure, so that every replica
 * decides the same. Times are store time, epoch milliseconds.
 */
import type { Cause } from '../insight/accounts/cause.js';
import { isInSight, type Sight } from './trouble.js';

export interface Trouble {
  readonly key: string;
  /** As it was seen last. */
  readonly cause: Cause;
  /** `new`: not told yet. `over`: kept for a while, in case it comes back. */
  readonly state: 'new' | 'told' | 'over';
  readonly changedAtMs: number;
  /** When the trouble began, as far as it is known. */
  readonly sinceMs: number;
  /** When any replica last saw it. */
  readonly seenAtMs: number;
  /** Whether any replica saw it work since then. */
  readonly hasWorked: boolean;
  /** How often it came back after it was over. */
  readonly returns: number;
}

export interface Book {
  readonly troubles: readonly Trouble[];
  /** Until then nobody else tells: a replica is telling, or has died while it was. */
  readonly tellingUntilMs: number;
  /** No message goes out before this time. */
  readonly nextAtMs: number;
  /** How many messages have failed in a row, up to `DOUBLINGS_MAX`. */
  readonly failures: number;
  readonly toldAtMs: number | null;
  readonly lastFailure: { readonly atMs: number; readonly reason: string } | null;
}

/** What is to be told in one message. */
export interface Notice {
  readonly begun: readonly Trouble[];
  readonly over: readonly Trouble[];
}

export const EMPTY_BOOK: Book = {
  troubles: [],
  tellingUntilMs: 0,
  nextAtMs: 0,
  failures: 0,
  toldAtMs: null,
  lastFailure: null,
};

/** How often each replica looks. */
export const ROUND_MS = 5_000;
/** A trouble is gone when no replica has seen it for this long: three rounds. */
export const GONE_MS = 3 * ROUND_MS;
/** Longer than a message may take. */
const TELLING_MS = 30_000;
/** A trouble that comes back within this time counts as the same. */
const RETURN_MS = 3_600_000;
/** The most times that a wait is doubled. */
const DOUBLINGS_MAX = 6;
/** WeCom lets a robot have 20 messages a minute. */
const PAUSE_MS = 10_000;
const BACKOFF_MS_MAX = 300_000;
/** Many more than there are at one time. */
const TROUBLES_MAX = 200;

/** @returns the same book when nothing is to be noted. */
export function noteSeen(book: Book, sight: Sight, nowMs: number): Book {
  const { causes } = sight;
  const known = new Set(book.troubles.map(({ key }) => key));
  const added = [...causes].filter(([key]) => !known.has(key));
  const kept = book.troubles.flatMap((trouble) => {
    const cause = causes.get(trouble.key);
    if (cause !== undefined) return [seen(trouble, cause, nowMs)];
    return unseen(trouble, sight, nowMs);
  });
  const troubles = bounded([...kept, ...added.map(([key, cause]) => newTrouble(key, cause, nowMs))]);
  const isSame =
    troubles.length === book.troubles.length && troubles.every((trouble, n) => trouble === book.troubles[n]);
  return isSame ? book : { ...book, troubles };
}

/** @param isQuiet whether troubles that can wait have to. */
export function dueOf({ troubles }: Book, afterMs: number, isQuiet: boolean, nowMs: number): Notice {
  const mayBeTold = ({ cause }: Trouble): boolean => cause.severity === 'bad' || !isQuiet;
  return {
    begun: troubles.filter(
      // Counted until it was last seen, since it may have ended then.
      (trouble) =>
        trouble.state === 'new' && trouble.seenAtMs - trouble.changedAtMs >= afterMs && mayBeTold(trouble),
    ),
    over: troubles.filter(
      (trouble) =>
        trouble.state === 'told' &&
        isKnownToBeOver(trouble) &&
        nowMs - trouble.seenAtMs >= goneMs(trouble, afterMs) &&
        mayBeTold(trouble),
    ),
  };
}

export function isEmpty({ begun, over }: Notice): boolean {
  return begun.length + over.length === 0;
}

/** @returns `null` when nobody may tell now. */
export function claimed(book: Book, nowMs: number): Book | null {
  const isFree = nowMs >= book.nextAtMs && nowMs >= book.tellingUntilMs;
  return isFree ? { ...book, tellingUntilMs: nowMs + TELLING_MS } : null;
}

export function noteTold(book: Book, due: Notice, nowMs: number): Book {
  const begun = new Set(due.begun.map(({ key }) => key));
  const over = new Set(due.over.map(({ key }) => key));
  const troubles = book.troubles.map((trouble): Trouble => {
    if (begun.has(trouble.key) && trouble.state === 'new')
      return { ...trouble, state: 'told', changedAtMs: nowMs };
    if (over.has(trouble.key) && trouble.state === 'told')
      return { ...trouble, state: 'over', changedAtMs: nowMs };
    return trouble;
  });
  return {
    ...book,
    troubles,
    failures: 0,
    tellingUntilMs: 0,
    nextAtMs: nowMs + PAUSE_MS,
    toldAtMs: nowMs,
  };
}

export function noteFailed(book: Book, reason: string, nowMs: number): Book {
  const backoffMs = Math.min(PAUSE_MS * 2 ** book.failures, BACKOFF_MS_MAX);
  return {
    ...book,
    tellingUntilMs: 0,
    nextAtMs: nowMs + backoffMs,
    failures: Math.min(book.failures + 1, DOUBLINGS_MAX),
    lastFailure: { atMs: nowMs, reason },
  };
}

/** Joins what two replicas noted while they could not read each other's book. Of each trouble, the newer note counts. */
export function merged(book: Book, other: Book): Book {
  const troubles = new Map(book.troubles.map((trouble) => [trouble.key, trouble]));
  for (const trouble of other.troubles) {
    const known = troubles.get(trouble.key);
    if (known === undefined || known.changedAtMs < trouble.changedAtMs) troubles.set(trouble.key, trouble);
  }
  return { ...book, troubles: bounded([...troubles.values()]) };
}

/** Drops the least important: first troubles that are over, then those that can wait; of equals, those not seen for longest. */
function bounded(troubles: readonly Trouble[]): readonly Trouble[] {
  if (troubles.length <= TROUBLES_MAX) return troubles;
  const worth = ({ state, cause }: Trouble): number =>
    state === 'over' ? 0 : cause.severity === 'bad' ? 2 : 1;
  const sorted = troubles.toSorted((a, b) => worth(b) - worth(a) || b.seenAtMs - a.seenAtMs);
  const worthy = new Set(sorted.slice(0, TROUBLES_MAX));
  return troubles.filter((trouble) => worthy.has(trouble));
}

function newTrouble(key: string, cause: Cause, nowMs: number): Trouble {
  return {
    key,
    cause,
    state: 'new',
    returns: 0,
    hasWorked: false,
    sinceMs: sinceMsOf(cause, nowMs),
    changedAtMs: nowMs,
    seenAtMs: nowMs,
  };
}

function sinceMsOf({ sinceMs }: Cause, nowMs: number): number {
  return Math.min(sinceMs ?? nowMs, nowMs);
}

function seen(trouble: Trouble, cause: Cause, nowMs: number): Trouble {
  if (trouble.state === 'over') {
    const returns = Math.min(trouble.returns + 1, DOUBLINGS_MAX);
    return { ...newTrouble(trouble.key, cause, nowMs), returns };
  }
  // Several replicas see it. One of them writes it, and the others find it fresh.
  return nowMs - trouble.seenAtMs < ROUND_MS / 2
    ? trouble
    : { ...trouble, cause, seenAtMs: nowMs, hasWorked: false };
}

/** Only what each look sees as it is is over when it is not seen. Anything else is over when it was seen to work. */
function isKnownToBeOver({ cause, hasWorked }: Trouble): boolean {
  return hasWorked || isInSight(cause);
}

/** @returns `[]` for a trouble that need not be known any more. */
function unseen(trouble: Trouble, { mayHide, hasWorked }: Sight, nowMs: number): Trouble[] {
  const { cause, state, seenAtMs, changedAtMs, returns } = trouble;
  if (state === 'told') {
    // Another replica may have seen it a little longer.
    const when = { beganAtMs: trouble.sinceMs, seenAtMs: seenAtMs - GONE_MS };
    const works = !isKnownToBeOver(trouble) && hasWorked(cause, when);
    const told = works ? { ...trouble, hasWorked: true } : trouble;
    if (mayHide(cause)) return [{ ...seen(told, cause, nowMs), hasWorked: told.hasWorked }];
    // After this long, nobody will find out whether it is over.
    return isKnownToBeOver(told) || nowMs - seenAtMs < RETURN_MS ? [told] : [];
  }
  if (state === 'over') return nowMs - changedAtMs < RETURN_MS ? [trouble] : [];
  if (nowMs - seenAtMs < GONE_MS) return [trouble];
  // It came back, and was gone again before that was told.
  return returns > 0 ? [{ ...trouble, state: 'over', changedAtMs: nowMs }] : [];
}

/** A trouble that comes and goes has to be gone for longer each time. */
function goneMs({ returns }: Trouble, afterMs: number): number {
  return Math.max(afterMs, GONE_MS) * 2 ** returns;
}
