import { IsInt, Min } from 'class-validator';

/** Counts of events and callbacks within some time. */
export abstract class EventCounts {
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
   * Callbacks that were refused as invalid. Callbacks that were turned away in an overload are not counted here.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly refused!: number;

  /**
   * Callbacks that were neither delivered nor kept, with those that were turned away in an overload.
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
}
