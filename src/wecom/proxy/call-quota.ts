/** How many in how long. */
export interface CallLimit {
  /** Tells limits apart that count the same calls. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
}

/**
 * Counts calls in windows of time, over all processes on the store where it is shared. When a window begins is
 * the adapter's matter; a refused call does not count.
 */
export abstract class CallQuota {
  /**
   * Counts one call of `key` under `limit`. Where the shared count cannot be asked, this process counts alone,
   * so it never rejects.
   * @returns `null` when it may be made; else how many milliseconds until the next window, 1 at least.
   */
  abstract take(key: string, limit: CallLimit): Promise<number | null>;
}
