import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { RECORD_OUTCOMES, type RecordOutcome } from '../../log/delivery-record.js';
import { isJournalId } from '../../storage/journal/journal.js';
import { OUTCOMES, type Outcome } from './delivery-answer.js';
import { IsCursorOf, IsId, IsOneOf, IsQueryTime, PageQueryDto } from '../../http/answers/page-query.dto.js';
import { expected } from '../../http/answers/field-rules.js';

export const DELIVERIES = 'deliveries';
const TEXT_LENGTH_MAX = 128;
const A_TEXT = `a text of at most ${TEXT_LENGTH_MAX} characters, given once`;
const WEBHOOK_ID = /^[\w-]{1,128}$/;

export class FeedQueryDto {
  /**
   * Only of this account.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  /** Only with this outcome. */
  @IsOptional()
  @IsOneOf(OUTCOMES)
  readonly outcome?: Outcome;
}

export class DeliveriesQueryDto extends PageQueryDto {
  /**
   * Not before this time.
   * @example 2026-01-31T08:00:00Z
   */
  @IsOptional()
  @IsQueryTime()
  readonly from?: string;

  /**
   * Before this time.
   * @example 2026-01-31T09:00:00Z
   */
  @IsOptional()
  @IsQueryTime()
  readonly to?: string;

  /**
   * Only of this account.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  /**
   * Only of this corp.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /**
   * Only of accounts that this bot has now.
   * @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  @IsOptional()
  @IsId()
  readonly botId?: string;

  /** Only with this outcome. */
  @IsOptional()
  @IsOneOf(RECORD_OUTCOMES)
  readonly outcome?: RecordOutcome;

  /**
   * Only with this webhook-id.
   * @example msg_2b0c
   */
  @IsOptional()
  @Matches(WEBHOOK_ID, expected('a webhook-id, given once'))
  readonly webhookId?: string;

  /**
   * A whole corp id, account id or webhook-id, or a part of an account's id or name, in upper or lower case. If the part fits
   * more than 100 accounts, the first 100 count.
   * @example support
   */
  @IsOptional()
  @IsString(expected(A_TEXT))
  @MaxLength(TEXT_LENGTH_MAX, expected(A_TEXT))
  readonly q?: string;

  @IsOptional()
  @IsCursorOf(DELIVERIES, isJournalId)
  readonly cursor?: string;
}

export class RefusedQueryDto {
  /**
   * Only of this corp.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /**
   * Not before this time.
   * @example 2026-01-31T08:00:00Z
   */
  @IsOptional()
  @IsQueryTime()
  readonly from?: string;
}

export class DeliveryPathDto {
  /**
   * The `id` of a record.
   * @example 0mfw8k3c100001a3b1f2
   */
  @Matches(/^[0-9a-z]{20}$/, expected('the id of a record of the delivery log'))
  readonly id!: string;
}
