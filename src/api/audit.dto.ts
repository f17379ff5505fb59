import { isJournalId } from '../storage/journal/journal.js';
import { IsOptional, Matches } from 'class-validator';
import { IsCursorOf, IsQueryTime, PageQueryDto } from '../http/answers/page-query.dto.js';
import { expected } from '../http/answers/field-rules.js';

export const AUDIT = 'audit';

export class AuditQueryDto extends PageQueryDto {
  /**
   * Of this operator alone; `shared secret` for whoever had a secret of AUTH_OPERATOR_TOKEN, and with ` (OIDC)` behind the name
   * for whom a provider has confirmed.
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
