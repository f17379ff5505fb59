/** Upper bounds of the buckets, rising. One more bucket has what took longer. */
const BOUNDS_MS = [
  5, 10, 20, 50, 100, 200, 350, 500, 750, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
] as const;
const FAILED = BOUNDS_MS.length + 1;
/** How many counts a slot has. */
const WIDTH = FAILED + 1;
const SLOT_MS = 15 * 60_000;
const SLOTS = 4;

export interface AttemptSummary {
  readonly attempts: number;
  readonly taken: number;
  /** How long the bot took for those that it took, to within the bounds of a bucket; `null` when there were none. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** How many were taken within each bound, and last how many were not taken. Those of several processes can be added. */
export type AttemptCounts = readonly number[];

/** The counts of one quarter of an hour, which is counted from the epoch. */
export interface AttemptSlot {
  readonly slot: number;
  readonly counts: AttemptCounts;
}

export const NO_ATTEMPTS: AttemptCounts = Object.freeze(new Array<number>(WIDTH).fill(0));

export function sumOf(some: readonly AttemptCounts[]): AttemptCounts {
  const sum = new Array<number>(WIDTH).fill(0);
  for (const counts of some)
    for (let column = 0; column < WIDTH; column++) sum[column] = (sum[column] ?? 0) + (counts[column] ?? 0);
  return sum;
}

/** The counts of the last 45 minutes at least, and of the last hour at most. */
export function countsOf(slots: readonly AttemptSlot[], nowMs: number): AttemptCounts {
  const oldest = Math.floor(nowMs / SLOT_MS) - SLOTS + 1;
  return sumOf(slots.filter(({ slot }) => slot >= oldest).map(({ counts }) => counts));
}

export function summaryOf(counts: AttemptCounts): AttemptSummary {
  const buckets = counts.slice(0, FAILED);
  const taken = buckets.reduce((sum, count) => sum + count, 0);
  return {
    attempts: taken + (counts[FAILED] ?? 0),
    taken,
    p50Ms: quantile(buckets, taken * 0.5),
    p95Ms: quantile(buckets, taken * 0.95),
  };
}

/**
 * How attempts of the last hour ended, and how long the bot took: a few counts, of which each attempt changes one. It
 * takes no memory before the first attempt.
 */
export class RecentAttempts {
  #counts: Uint32Array | null = null;
  /** Where its own counts begin in the shared buffer. */
  #from = 0;
  /** The newest slot, counted from the epoch. */
  #slot = 0;

  note(nowMs: number, isTaken: boolean, durationMs: number): void {
    const counts = this.#counts ?? this.#begin();
    this.#moveTo(nowMs, counts);
    const at = this.#placeOf(this.#slot) + (isTaken ? bucketOf(durationMs) : FAILED);
    counts[at] = (counts[at] ?? 0) + 1;
  }

  counts(nowMs: number): AttemptCounts {
    return this.#counts === null ? NO_ATTEMPTS : countsOf(this.slots(), nowMs);
  }

  /** The slots in which there were attempts. */
  slots(): readonly AttemptSlot[] {
    const slots: AttemptSlot[] = [];
    for (let slot = Math.max(0, this.#slot - SLOTS + 1); slot <= this.#slot; slot++) {
      const counts = this.#countsIn(slot);
      if (counts !== null) slots.push({ slot, counts });
    }
    return slots;
  }

  #countsIn(slot: number): AttemptCounts | null {
    const [all, from] = [this.#counts, this.#placeOf(slot)];
    const counts: number[] = [];
    let hasAny = false;
    for (let at = from; at < from + WIDTH; at++) {
      const count = all?.[at] ?? 0;
      counts.push(count);
      hasAny ||= count > 0;
    }
    return hasAny ? counts : null;
  }

  #begin(): Uint32Array {
    ({ counts: this.#counts, from: this.#from } = newCounts());
    return this.#counts;
  }

  #placeOf(slot: number): number {
    return this.#from + (slot % SLOTS) * WIDTH;
  }

  /** Forgets the slots whose hour is over. A clock that was set back goes on in the newest. */
  #moveTo(nowMs: number, counts: Uint32Array): void {
    const slot = Math.floor(nowMs / SLOT_MS);
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++)
      counts.fill(0, this.#placeOf(next), this.#placeOf(next) + WIDTH);
    this.#slot = Math.max(this.#slot, slot);
  }
}

/** How many share a buffer. A buffer for each would need as much memory again as its counts. */
const SHARED_BY = 256;
const LENGTH = SLOTS * WIDTH;
let shared = new Uint32Array(0);
let used = 0;

function newCounts() {
  if (used === shared.length) [shared, used] = [new Uint32Array(SHARED_BY * LENGTH), 0];
  const from = used;
  used += LENGTH;
  return { counts: shared, from };
}

function bucketOf(durationMs: number): number {
  let bucket = 0;
  for (const bound of BOUNDS_MS) {
    if (durationMs <= bound) break;
    bucket++;
  }
  return bucket;
}

/**
 * Takes the attempts of a bucket as spread evenly over it. The last bucket has no end, so its beginning stands for
 * all of it.
 */
function quantile(buckets: readonly number[], rank: number): number | null {
  let before = 0;
  for (const [bucket, count] of buckets.entries()) {
    if (count > 0 && before + count >= rank) {
      const from = BOUNDS_MS[bucket - 1] ?? 0;
      const to = BOUNDS_MS[bucket] ?? from;
      return from + ((to - from) * (rank - before)) / count;
    }
    before += count;
  }
  return null;
}
