import { IsInt, IsISO8601, Min } from 'class-validator';
import type { RecordForm } from '../../record/delivery-record.js';

/** Callbacks of one corp that were refused for one reason, from one address. */
export class RefusedCallbackAnswer {
  /**
   * Of the URL that was called; null where it names none.
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

  /** Of the latest one: how it came. */
  readonly form!: RecordForm | null;

  /**
   * How many are in the log, which takes 1,000 of a minute.
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
  /** The one that came last first. */
  readonly items!: RefusedCallbackAnswer[];

  /** Whether all were counted; otherwise only the latest ones, 2,000 at most. */
  readonly isWhole!: boolean;

  /**
   * How many days the delivery log is kept; 0 when there is no log, and so no item.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly days!: number;
}
