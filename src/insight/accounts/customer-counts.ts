/** The customers of an account whose bot shares them with people: how many are with whom. */
export interface CustomerCount {
  readonly bot: number;
  /** They wait for a person. */
  readonly pool: number;
  readonly people: number;
  /** Since when the longest one waits in the pool, store time; `null` while nobody does. */
  readonly poolSinceMs: number | null;
}

/** Knows how many customers are with whom. Without one, nobody shares customers. */
export abstract class CustomerCounts {
  /** By account, without accounts that have none. @throws AppError `STORE_UNAVAILABLE` */
  abstract read(): Promise<ReadonlyMap<string, CustomerCount>>;
}
