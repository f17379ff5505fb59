import type { RecordForm, RecordKind, RecordOutcome } from '../../record/delivery-record.js';
import { IsInt, IsISO8601, Min } from 'class-validator';
import { Page } from '../../http/answers/page.dto.js';
import type { DeliveryOccasion, FailureStage, NotTriedStage } from '../../storage/queue/line.js';

/** One record of the delivery log: a callback that was answered, an attempt, or the end of what was kept. */
export class LoggedDeliveryAnswer {
  /**
   * Unique over all replicas, but that the only attempt of a callback may have the id of its callback.
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
  readonly kind!: RecordKind;

  /**
   * null where a refused callback named none.
   * @example wx5823bf96d3bd56c7
   */
  readonly corpId!: string | null;

  /** @example wkAAA */
  readonly openKfId!: string | null;

  /**
   * As it is registered now; null where no puppet has registered it.
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
   * In which form the callback came or the attempt was sent; null of an end.
   * @example encrypted
   */
  readonly form!: RecordForm | null;

  /** Why the attempt was made; null unless it is one. */
  readonly occasion!: DeliveryOccasion | null;

  /**
   * Of an attempt, which one it is, counted from 1; of others, how many were made.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly attempt!: number;

  /** Where the attempt went, without query; null unless it is one. */
  readonly endpoint!: string | null;

  /**
   * What the bot answered; null when it did not, or was not asked.
   * @example 200
   */
  @IsInt()
  readonly status!: number | null;

  /** Where it failed, or why it was kept. */
  readonly stage!: FailureStage | NotTriedStage | null;

  /** Of a refused callback the error code. */
  readonly reason!: string | null;

  /**
   * Of a callback until it was answered, of an attempt until its result, of an end since the event came in.
   * @example 4.2
   */
  @Min(0)
  readonly durationMs!: number;

  /** The address that a refused or failed callback came from; null of others. */
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

/** All that the log has of one event or message. */
export class DeliveryStoryAnswer {
  /** @example msg_2b0c */
  readonly webhookId!: string | null;

  /** What became of it, as far as the log knows. */
  readonly outcome!: RecordOutcome;

  /**
   * When a bot took it; null while none has.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly takenAt!: string | null;

  /**
   * Of an event that was kept and that no bot took by itself, what ended its wait: a newer event of its account that was taken,
   * since a bot that is told of one fetches all, or that was given up or discarded. null of others, and while none is known.
   */
  readonly endedBy!: LoggedDeliveryAnswer | null;

  /** The oldest first; 500 at most. */
  readonly records!: LoggedDeliveryAnswer[];
}
