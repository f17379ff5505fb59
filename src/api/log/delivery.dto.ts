import { IsInt, IsISO8601, Min } from 'class-validator';
import type { DeliveryOccasion, FailureStage } from '../../queue/failure.js';

/** One attempt that a replica made. */
export class DeliveryAnswer {
  /**
   * Unique over all replicas.
   * @example host-3b1f2c-17
   */
  readonly id!: string;

  /**
   * The process that made it.
   * @example host-3b1f2c
   */
  readonly replica!: string;

  /**
   * When it ended; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;

  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /** @example wkAAA */
  readonly openKfId!: string;

  /**
   * The name of the account as it is registered now; null when no puppet has registered it.
   * @example Support
   */
  readonly name!: string | null;

  /** @example http://127.0.0.1:8080 */
  readonly endpoint!: string | null;

  /** @example inline */
  readonly occasion!: DeliveryOccasion;

  /**
   * The number of the attempt, counted from 1.
   * @example 1
   */
  @IsInt()
  @Min(1)
  readonly attempt!: number;

  /**
   * encrypted: an event as it came. decrypted: an opened event. message: one message.
   * @example encrypted
   */
  readonly form!: 'encrypted' | 'decrypted' | 'message';

  /**
   * The webhook-id it was sent with.
   * @example msg_2b0c
   */
  readonly webhookId!: string;

  /** @example taken */
  readonly outcome!: 'taken' | 'not_taken';

  /**
   * The status that the puppet answered; null when it did not answer.
   * @example 200
   */
  @IsInt()
  readonly status!: number | null;

  /** Where it failed; null when it was taken. */
  readonly stage!: FailureStage | null;

  readonly reason!: string | null;

  /** @example 4.2 */
  @Min(0)
  readonly durationMs!: number;
}

/** One event of the feed. */
export class FeedEventAnswer {
  /** @example delivery */
  readonly event!: 'hello' | 'delivery' | 'skipped';

  /** The id of a `delivery`; left out for other events. */
  readonly id?: string;

  /** JSON. */
  readonly data!: string;
}
