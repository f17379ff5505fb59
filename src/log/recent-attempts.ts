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

/** How many were taken within each bound, and last how many were not taken. */
export type AttemptCounts = readonly number[];

export const NO_ATTEMPTS: AttemptCounts = Object.freeze(new Array<number>(WIDTH).fill(0));

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
 * How attempts of the last hour ended, and how long the bot took: a few counts, of which each attempt changes one. They are noted in
 * any order. It takes no memory before the first attempt.
 */
export class RecentAttempts {
  #counts: Uint32Array | null = null;
  /** Where its own counts begin in the shared buffer. */
  #from = 0;
  /** The newest slot, counted from the epoch. */
  #slot = 0;

  note(atMs: number, isTaken: boolean, durationMs: number): void {
    const slot = Math.floor(atMs / SLOT_MS);
    if (slot <= this.#slot - SLOTS) return;
    const counts = this.#counts ?? this.#begin();
    this.#moveTo(slot, counts);
    const at = this.#placeOf(slot) + (isTaken ? bucketOf(durationMs) : FAILED);
    counts[at] = (counts[at] ?? 0) + 1;
  }

  /** The counts of the last 45 minutes at least, and of the last hour at most. */
  counts(nowMs: number): AttemptCounts {
    const all = this.#counts;
    const first = Math.max(Math.floor(nowMs / SLOT_MS), this.#slot) - SLOTS + 1;
    if (all === null || first > this.#slot) return NO_ATTEMPTS;
    const sum = new Array<number>(WIDTH).fill(0);
    for (let slot = Math.max(0, first); slot <= this.#slot; slot++) {
      const from = this.#placeOf(slot);
      for (let column = 0; column < WIDTH; column++)
        sum[column] = (sum[column] ?? 0) + (all[from + column] ?? 0);
    }
    return sum;
  }

  #begin(): Uint32Array {
    ({ counts: this.#counts, from: this.#from } = newCounts());
    return this.#counts;
  }

  #placeOf(slot: number): number {
    return this.#from + (slot % SLOTS) * WIDTH;
  }

  /** Forgets the slots whose hour is over. */
  #moveTo(slot: number, counts: Uint32Array): void {
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
