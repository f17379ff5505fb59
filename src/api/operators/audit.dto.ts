import { isJournalId } from '../../storage/journal/journal.js';
import { IsOptional, Matches, IsInt, IsISO8601 } from 'class-validator';
import { IsCursorOf, IsQueryTime, PageQueryDto } from '../../http/answers/page-query.dto.js';
import { expected } from '../../http/answers/field-rules.js';
import { Page } from '../../http/answers/page.dto.js';

export const AUDIT = 'audit';

export class AuditQueryDto extends PageQueryDto {
  /**
   * Only of this operator. `shared secret`: callers with a secret of AUTH_OPERATOR_TOKEN. The name of a person whom an OpenID
   * provider has confirmed ends with ` (OIDC)`.
   * @example alice
   */
  @IsOptional()
  @Matches(/^[^\p{C}]{1,200}$/u, expected('the name of an operator, given once'))
  readonly operator?: string;

  /**
   * Not before this time.
   * @example 2026-01-31T08:00:00Z
   */
  @IsOptional()
  @IsQueryTime()
  readonly since?: string;

  @IsOptional()
  @IsCursorOf(AUDIT, isJournalId)
  readonly cursor?: string;
}

/** What somebody did, or tried to do. */
export class AuditEntryAnswer {
  /** @example 1769846400000a1b2c3d4e5f6 */
  readonly id!: string;

  /**
   * ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;

  /**
   * Who it was: the operator's name, `shared secret`, or `open manager` while no role had a secret; null for a sign-in that
   * failed.
   * @example alice
   */
  readonly operator!: string | null;

  /** @example DELETE */
  readonly method!: string;

  /**
   * What was called, with the names of its parameters.
   * @example /api/v1/bots/:id
   */
  readonly route!: string;

  /**
   * The path that was called, with the ids in it.
   * @example /api/v1/bots/7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  readonly path!: string;

  /**
   * The name of the app, bot or operator that was added, changed or removed, as it was then; null for other calls, which name
   * what they are about in the path.
   * @example LangBot
   */
  readonly subject!: string | null;

  /**
   * The fields of a bot that were changed, without their values; null for other calls.
   * @example ["openKfIds"]
   */
  readonly fields!: string[] | null;

  /**
   * The HTTP status of the answer; null when the caller hung up before.
   * @example 200
   */
  @IsInt()
  readonly status!: number | null;

  /**
   * The caller's address; `other addresses` for a count of many.
   * @example 10.0.0.1
   */
  readonly from!: string;

  /**
   * How often. More than 1: this entry also counts later calls of the address, which were too many for entries of their own.
   * @example 1
   */
  @IsInt()
  readonly times!: number;

  /**
   * The request's id, to be found in the log of the process.
   * @example 7d793037a0760186
   */
  readonly requestId!: string;
}

export class AuditPageAnswer extends Page {
  readonly items!: AuditEntryAnswer[];
}
