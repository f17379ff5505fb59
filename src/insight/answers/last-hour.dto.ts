import { IsInt, Min } from 'class-validator';

/**
 * Results of the attempts within the last hour, without tests. Attempts of this replica count until now, those of other
 * replicas until some seconds ago.
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
   * Half of the attempts that were taken took no longer than this; an estimate. null: nothing was taken.
   * @example 12
   */
  @Min(0)
  readonly p50Ms!: number | null;

  /**
   * The same for 95 %.
   * @example 87.5
   */
  @Min(0)
  readonly p95Ms!: number | null;
}
