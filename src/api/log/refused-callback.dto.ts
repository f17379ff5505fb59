import { IsInt, IsISO8601, Min } from 'class-validator';
import type { RecordForm } from '../../log/delivery-record.js';

/** Callbacks of one corp that were refused for one reason, from one address. */
export class RefusedCallbackAnswer {
  /**
   * The corp in the URL that was called; null when it names none.
   * @example wx5823bf96d3bd56c7
   */
  readonly corpId!: string | null;

  /**
   * The error code that was answered.
   * @example CALLBACK_SIGNATURE_MISMATCH
   */
  readonly reason!: string | null;

  /**
   * The address that they came from.
   * @example 203.0.113.7
   */
  readonly source!: string | null;

  /** In which form the latest one came. */
  readonly form!: RecordForm | null;

  /**
   * How many are in the log, which takes at most 1,000 a minute.
   * @example 12
   */
  @IsInt()
  @Min(1)
  readonly count!: number;

  /** @example 2026-01-31T07:00:00.000Z */
  @IsISO8601()
  readonly firstAt!: string;

  /** @example 2026-01-31T08:00:00.000Z */
  @IsISO8601()
  readonly lastAt!: string;
}

export class RefusedCallbacksAnswer {
  /** The latest first. */
  readonly items!: RefusedCallbackAnswer[];

  /** false: there are more, and only the latest ones were counted, at most 2,000. */
  readonly isWhole!: boolean;

  /**
   * How many days the delivery log is kept; 0 when there is no log, and so no item.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly days!: number;
}
