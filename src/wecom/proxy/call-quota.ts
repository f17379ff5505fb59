/** At most `max` calls in each window of `windowMs`. */
export interface CallLimit {
  /** Distinguishes limits that count the same calls. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
}

/**
 * Counts calls in time windows. On a shared store all processes count together. The adapter decides when a window
 * starts. A refused call is not counted.
 */
export abstract class CallQuota {
  /**
   * Counts one call of `key` under `limit`. Never rejects: when the shared count is unavailable, this process counts alone.
   * @returns `null` when the call may be made; otherwise the milliseconds until the next window, at least 1.
   */
  abstract take(key: string, limit: CallLimit): Promise<number | null>;
}
