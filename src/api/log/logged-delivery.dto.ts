import type { RecordForm, DeliveryRecordKind, RecordOutcome } from '../../log/delivery-record.js';
import { IsInt, IsISO8601, Min } from 'class-validator';
import { Page } from '../../http/answers/page.dto.js';
import type { DeliveryOccasion, FailureStage, NotTriedStage } from '../../queue/failure.js';

/** One record of the delivery log: a callback that was answered, an attempt, the end of what was kept, or a text for the customer. */
export class LoggedDeliveryAnswer {
  /**
   * Unique over all replicas, with one exception: the only attempt of a callback may have the id of its callback.
   * @example 0mfw8k3c100001a3b1f2c
   */
  readonly id!: string;

  /**
   * The process that wrote it.
   * @example host-3b1f2c
   */
  readonly replica!: string;

  /**
   * When it ended; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;

  /** @example callback */
  readonly kind!: DeliveryRecordKind;

  /**
   * The corp; null for a refused callback that named none.
   * @example wx5823bf96d3bd56c7
   */
  readonly corpId!: string | null;

  /** @example wkAAA */
  readonly openKfId!: string | null;

  /**
   * The name of the account as it is registered now; null when no puppet has registered it.
   * @example Support
   */
  readonly name!: string | null;

  /**
   * The webhook-id that its event or message is sent with; null where a callback could not be opened.
   * @example msg_2b0c
   */
  readonly webhookId!: string | null;

  /** @example taken */
  readonly outcome!: RecordOutcome;

  /**
   * In which form the callback came or the attempt was sent; message also for the end of a message, null for other records.
   * @example encrypted
   */
  readonly form!: RecordForm | null;

  /** Why the attempt was made; null for other records. */
  readonly occasion!: DeliveryOccasion | null;

  /**
   * For an attempt, its number, counted from 1. For other records, how many attempts were made.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly attempt!: number;

  /** Where the attempt went, without query; null for other records. */
  readonly endpoint!: string | null;

  /**
   * The HTTP status that the bot answered; null when it did not answer, or was not asked.
   * @example 200
   */
  @IsInt()
  readonly status!: number | null;

  /** Where it failed, or why it was kept. */
  readonly stage!: FailureStage | NotTriedStage | null;

  /** In words; for a refused callback, the error code; for a text that WeCom refused, the errcode. */
  readonly reason!: string | null;

  /**
   * For a callback, until it was answered; for an attempt, until its result; for an end, since the event came in; for a text, until
   * WeCom answered.
   * @example 4.2
   */
  @Min(0)
  readonly durationMs!: number;

  /** The address that a refused or failed callback came from; null for other records. */
  readonly source!: string | null;
}

export class LoggedDeliveryPageAnswer extends Page {
  readonly items!: LoggedDeliveryAnswer[];

  /**
   * How far back the log reaches; null while there is nothing in it.
   * @example 2026-01-28T08:00:00.000Z
   */
  @IsISO8601()
  readonly since!: string | null;

  /**
   * How many days it is kept; 0 when there is no log.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly days!: number;
}

/** All records of one event or message. */
export class DeliveryStoryAnswer {
  /** @example msg_2b0c */
  readonly webhookId!: string | null;

  /** The outcome of the event or message, as far as the log tells. */
  readonly outcome!: RecordOutcome;

  /**
   * When a bot took it; null until then.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly takenAt!: string | null;

  /**
   * What ended the wait of a kept event that no bot took itself: a newer event of its account, or this one as it was sent
   * again. Either a bot took the newer
   * event, and a bot that is told of one event fetches everything new; or the newer event was given up or discarded. null for
   * other events, and while the wait goes on.
   */
  readonly endedBy!: LoggedDeliveryAnswer | null;

  /** Oldest first; at most 500. */
  readonly records!: LoggedDeliveryAnswer[];
}
