/** The customers of an account whose bot shares them with people: how many are with whom. */
export interface CustomerCount {
  readonly bot: number;
  /** They wait for a person. */
  readonly pool: number;
  readonly people: number;
  /** Since when the longest one waits in the pool, store time; `null` while nobody does. */
  readonly poolSinceMs: number | null;
  /** How many wait for the first words of a person: those of the pool, and those whose person has not written yet. */
  readonly unmet: number;
  /** Since when the longest of these waits, store time; `null` while nobody does. */
  readonly unmetSinceMs: number | null;
}

export const NO_CUSTOMERS: CustomerCount = {
  bot: 0,
  pool: 0,
  people: 0,
  poolSinceMs: null,
  unmet: 0,
  unmetSinceMs: null,
};

/** Knows how many customers are with whom. */
export abstract class CustomerCounts {
  /** By account, without accounts that have none. @throws AppError `STORE_UNAVAILABLE` */
  abstract read(): Promise<ReadonlyMap<string, CustomerCount>>;
}

/** Nobody shares customers. */
export class NoCustomerCounts extends CustomerCounts {
  override async read(): Promise<ReadonlyMap<string, CustomerCount>> {
    return new Map();
  }
}

/** The counts of several accounts as one. @returns `null` where none has any. */
export function sumOf(counts: readonly (CustomerCount | null)[]): CustomerCount | null {
  return counts.reduce((sum, one) => (sum === null || one === null ? (sum ?? one) : plus(sum, one)), null);
}

function plus(a: CustomerCount, b: CustomerCount): CustomerCount {
  return {
    bot: a.bot + b.bot,
    pool: a.pool + b.pool,
    people: a.people + b.people,
    poolSinceMs: firstOf([a.poolSinceMs, b.poolSinceMs]),
    unmet: a.unmet + b.unmet,
    unmetSinceMs: firstOf([a.unmetSinceMs, b.unmetSinceMs]),
  };
}

/** @returns `null` where no time is known. */
export function firstOf(times: readonly (number | null)[]): number | null {
  return times.reduce(
    (first, atMs) => (first === null || atMs === null ? (first ?? atMs) : Math.min(first, atMs)),
    null,
  );
}
