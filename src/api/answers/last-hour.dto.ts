import { IsInt, Min } from 'class-validator';

/** What became of the attempts of all replicas within the last hour; tests do not count. What a process has seen ends with it. */
export class LastHourAnswer {
  /** @example 120 */
  @IsInt()
  @Min(0)
  readonly attempts!: number;

  /** @example 118 */
  @IsInt()
  @Min(0)
  readonly taken!: number;

  /**
   * Half of what was taken took no longer; an estimate. null: nothing was taken.
   * @example 12
   */
  @Min(0)
  readonly p50Ms!: number | null;

  /**
   * The same of 95 %.
   * @example 87.5
   */
  @Min(0)
  readonly p95Ms!: number | null;

  /**
   * Replicas that did not answer in time: their attempts, and what they saw last, are not in it.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly missingReplicas!: number;
}
