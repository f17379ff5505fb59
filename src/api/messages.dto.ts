import { RefusesUnknownFields } from '../http/answers/validation.js';
import { IsOptional, Matches } from 'class-validator';
import { MESSAGE_STATES, type MessageState } from '../storage/queue/message.js';
import { IsCursorOf, IsId, IsOneOf, PageQueryDto } from '../http/answers/page-query.dto.js';
import { expected } from '../http/answers/field-rules.js';

export const MESSAGES = 'messages';
const WEBHOOK_ID = /^msg_[A-Za-z0-9_-]{27}$/;

export class MessagesQueryDto extends PageQueryDto {
  /** Left out: both. */
  @IsOptional()
  @IsOneOf(MESSAGE_STATES)
  readonly state?: MessageState;

  /**
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /**
   * Of this account alone.
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
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}
