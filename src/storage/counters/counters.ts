/** The limit of one key: at most `max` counts in any window of `windowMs`. */
export interface CountLimit {
  readonly key: string;
  readonly max: number;
  readonly windowMs: number;
}

/** How many were counted at one time. */
export interface TimedCount {
  /** Store time, epoch milliseconds. */
  readonly atMs: number;
  readonly count: number;
}

/** How many were counted. If 0, there is room again at `retryAtMs`, store time. */
export type CounterGrant =
  | { readonly count: number; readonly retryAtMs: null }
  | { readonly count: 0; readonly retryAtMs: number };

/** Counts are kept longer by this, for a process whose store clock is a little late. */
const KEPT_MS = 60_000;

/**
 * Counts in time windows, over all processes on the store and across restarts. A count expires `windowMs` after its time. A
 * caller that gives the same time throughout a fixed window therefore counts in fixed windows.
 */
export abstract class Counters {
  /**
   * Counts up to `amount` at `nowMs`, as far as the limit has room.
   * @throws AppError `STORE_UNAVAILABLE`; it may have been counted or not.
   */
  async take(limit: CountLimit, nowMs: number, amount = 1): Promise<CounterGrant> {
    let taken: CounterGrant = { count: 0, retryAtMs: nowMs };
    await this.change(limit.key, nowMs, keptUntilMs(limit, nowMs), (before) => {
      const outcome = takeFrom(before, limit, nowMs, amount);
      taken = outcome.taken;
      return outcome.counts;
    });
    return taken;
  }

  /** Takes back one count of `takenAtMs`. @throws as `take` does. */
  giveBack(limit: CountLimit, takenAtMs: number): Promise<void> {
    return this.change(limit.key, takenAtMs, keptUntilMs(limit, takenAtMs), (before) =>
      giveBackTo(before, takenAtMs),
    );
  }

  /**
   * Replaces the counts of the key in one step. It is durable when this resolves.
   * @param keptUntilMs when they may be forgotten, store time.
   * @param decide gets the counts, oldest first, and returns the new ones; `null` to leave them. It may be called more than once.
   */
  protected abstract change(
    key: string,
    nowMs: number,
    keptUntilMs: number,
    decide: (before: readonly TimedCount[]) => readonly TimedCount[] | null,
  ): Promise<void>;
}

function keptUntilMs({ windowMs }: CountLimit, nowMs: number): number {
  return nowMs + windowMs + KEPT_MS;
}

/** @returns `counts` is `null` when nothing was counted. */
export function takeFrom(
  before: readonly TimedCount[],
  { max, windowMs }: Pick<CountLimit, 'max' | 'windowMs'>,
  nowMs: number,
  amount = 1,
): { readonly counts: readonly TimedCount[] | null; readonly taken: CounterGrant } {
  // A count far in the future was made before a clock was set back. It is ignored.
  const running = before.filter(({ atMs }) => Math.abs(nowMs - atMs) < windowMs);
  const room = max - sumOf(running);
  if (room <= 0) return { counts: null, taken: { count: 0, retryAtMs: roomAtMs(running, room) + windowMs } };
  const count = Math.min(amount, room);
  const same = running.find(({ atMs }) => atMs === nowMs)?.count ?? 0;
  const others = running.filter(({ atMs }) => atMs !== nowMs);
  const counts = [...others, { atMs: nowMs, count: same + count }].sort((a, b) => a.atMs - b.atMs);
  return { counts, taken: { count, retryAtMs: null } };
}

/** @returns `null` where nothing was counted at that time. */
export function giveBackTo(before: readonly TimedCount[], takenAtMs: number): readonly TimedCount[] | null {
  if (!before.some(({ atMs }) => atMs === takenAtMs)) return null;
  return before
    .map((one) => (one.atMs === takenAtMs ? { ...one, count: one.count - 1 } : one))
    .filter(({ count }) => count > 0);
}

/** The time of the count whose end makes room for one more. */
function roomAtMs(running: readonly TimedCount[], room: number): number {
  let left = room;
  for (const { atMs, count } of running) {
    left += count;
    if (left > 0) return atMs;
  }
  return running.at(-1)?.atMs ?? 0;
}

function sumOf(counts: readonly TimedCount[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/** Ignores counts that cannot be read: they must not block their key for ever. */
export function toCounts(stored: unknown): readonly TimedCount[] {
  if (!Array.isArray(stored)) return [];
  return stored.filter(isCount).toSorted((a, b) => a.atMs - b.atMs);
}

function isCount(value: unknown): value is TimedCount {
  const { atMs, count } = (value ?? {}) as Partial<TimedCount>;
  return Number.isFinite(atMs) && Number.isSafeInteger(count);
}
