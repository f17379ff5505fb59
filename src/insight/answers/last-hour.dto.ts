import { IsInt, Min } from 'class-validator';

/**
 * What became of the attempts within the last hour; tests do not count. It has those of this replica until now, and those of
 * other replicas until a minute ago.
 */
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
}
