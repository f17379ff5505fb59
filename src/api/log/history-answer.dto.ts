import { IsInt, IsISO8601, Min } from 'class-validator';
import { EventCounts } from '../answers/event-counts.dto.js';

/** What all replicas did within one interval. */
export class HistoryPointAnswer extends EventCounts {
  /**
   * When the interval began; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;

  /**
   * Processes that started.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly starts!: number;

  /**
   * The most accounts that waited at the end of a minute of the interval.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly waiting!: number;

  /**
   * The same for dead ones.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly dead!: number;
}

/** What all replicas did, minute by minute or in longer intervals, oldest first. The last interval is under way. */
export class HistoryAnswer {
  /** @example 60 */
  @IsInt()
  @Min(1)
  readonly intervalS!: number;

  /** false: the store does not answer, and only this replica's minute under way is counted. */
  readonly isStored!: boolean;

  readonly items!: HistoryPointAnswer[];
}
