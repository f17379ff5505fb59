import { IsInt, IsISO8601, Min } from '../../kernel/class-validator.js';

/** What all replicas did within one interval. */
export class HistoryPointAnswer {
  /**
   * When the interval began; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;

  /**
   * Events that were taken as they came in.
   * @example 118
   */
  @IsInt()
  @Min(0)
  readonly delivered!: number;

  /**
   * Hints that their bots took later.
   * @example 2
   */
  @IsInt()
  @Min(0)
  readonly deliveredLater!: number;

  /**
   * Events that were kept.
   * @example 2
   */
  @IsInt()
  @Min(0)
  readonly kept!: number;

  /**
   * Callbacks that were refused.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly refused!: number;

  /**
   * Callbacks that were neither delivered nor kept.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly notTaken!: number;

  /**
   * Hints that became dead.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly buried!: number;

  /** @example 2 */
  @IsInt()
  @Min(0)
  readonly failedAttempts!: number;

  /**
   * Processes that started.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly starts!: number;

  /**
   * The most accounts that waited at the end of one of its minutes.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly waiting!: number;

  /**
   * The same of dead ones.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly dead!: number;
}

/** What all replicas did, minute by minute or in longer intervals, oldest first; the last one is under way. */
export class HistoryAnswer {
  /** @example 60 */
  @IsInt()
  @Min(1)
  readonly intervalS!: number;

  /** false: the store does not answer, and only this replica's minute under way is counted. */
  readonly isStored!: boolean;

  readonly items!: HistoryPointAnswer[];
}
