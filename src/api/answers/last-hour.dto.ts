import { IsInt, Min } from 'class-validator';
import { type AttemptCounts, summaryOf } from '../../log/recent-attempts.js';
import { toDuration } from '../../http/answers/times.js';

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

export function toLastHourAnswer(counts: AttemptCounts): LastHourAnswer {
  const { attempts, taken, p50Ms, p95Ms } = summaryOf(counts);
  const shown = (ms: number | null) => (ms === null ? null : toDuration(ms));
  return { attempts, taken, p50Ms: shown(p50Ms), p95Ms: shown(p95Ms) };
}
