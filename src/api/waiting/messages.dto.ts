import { RefusesUnknownFields } from '../../http/answers/validation.js';
import { IsInt, IsISO8601, IsOptional, Matches, Min } from 'class-validator';
import { ENTRY_STATES, type EntryState } from '../../storage/queue/entry.js';
import { IsCursorOf, IsId, IsOneOf, PageQueryDto } from '../../http/answers/page-query.dto.js';
import { expected } from '../../http/answers/field-rules.js';
import { SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import type { FailureAnswer } from '../answers/failure.dto.js';
import { Page } from '../../http/answers/page.dto.js';

export const MESSAGES = 'messages';
const WEBHOOK_ID = /^msg_[A-Za-z0-9_-]{27}$/;

export class MessagesQueryDto extends PageQueryDto {
  /** Only in this state. Left out: in both. */
  @IsOptional()
  @IsOneOf(ENTRY_STATES)
  readonly state?: EntryState;

  /**
   * Only of this corp.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /**
   * Only of this account.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  @IsOptional()
  @IsCursorOf(MESSAGES)
  readonly cursor?: string;
}

export class MessagePathDto {
  /**
   * The customer-service account.
   * @example wkAAA
   */
  @IsId()
  readonly openKfId!: string;

  /**
   * The `webhookId` of the message.
   * @example msg_3Zr8Qy0uVJb1m2pNfWc5KdTxLaE
   */
  @Matches(WEBHOOK_ID, expected('the webhookId of a message'))
  readonly webhookId!: string;
}

/** Which dead messages are replayed. */
@RefusesUnknownFields()
export class ReplayDto {
  @IsOneOf(['dead'])
  readonly state!: 'dead';

  /**
   * Only of this corp.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}

/** A message that waits for its bot or is dead, without its content and its author. */
export class MessageAnswer {
  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /** @example wkAAA */
  readonly openKfId!: string;

  /**
   * The name of the account, if a puppet has registered for it.
   * @example Support
   */
  readonly name!: string | null;

  /**
   * The webhook-id that it is sent with; it names the message in this API and in the log.
   * @example msg_3Zr8Qy0uVJb1m2pNfWc5KdTxLaE
   */
  readonly webhookId!: string;

  /**
   * WeCom's id of it.
   * @example from_msgid_4622416642169452483
   */
  readonly msgid!: string;

  /**
   * WeCom's msgtype; empty if there was none.
   * @example text
   */
  readonly type!: string;

  /**
   * 3: from a customer. 4: an event of WeCom. 5: from a servicer. Other numbers are as WeCom gave them; 0: it gave none.
   * @example 3
   */
  @IsInt()
  readonly origin!: number;

  /**
   * waiting: until its bot takes it. dead: until it is replayed, or its content is deleted.
   * @example waiting
   */
  readonly state!: EntryState;

  /**
   * When it was sent, by WeCom's clock; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly sentAt!: string;

  /**
   * When it was pulled and kept; ISO 8601, UTC.
   * @example 2026-01-31T08:00:01.000Z
   */
  @IsISO8601()
  readonly storedAt!: string;

  /**
   * Seconds since it was kept.
   * @example 42.1
   */
  @Min(0)
  readonly ageS!: number;

  /**
   * Attempts after which it was not taken.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly attempts!: number;

  /**
   * How many of these attempts its bot refused. After MESSAGE_TRIES refusals it is dead.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly refusals!: number;

  /**
   * When it may be sent; ISO 8601, UTC. null when it is dead.
   * @example 2026-01-31T08:00:10.000Z
   */
  @IsISO8601()
  readonly dueAt!: string | null;

  readonly lastFailure!: FailureAnswer | null;
}

export class MessagePageAnswer extends Page {
  readonly items!: MessageAnswer[];
}

export class MessagesReplayedAnswer extends SuccessAnswer {
  /**
   * How many wait again.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly replayed!: number;
}
