import { IsOptional, IsString, MaxLength } from '../kernel/class-validator.js';
import { ACCOUNT_STATES, type AccountState } from './account-answers.js';
import { IsCursorOf, IsId, IsOneOf, mustBe, PageQueryDto } from './page-query.dto.js';

export const KF_ACCOUNTS = 'kf-accounts';
const TEXT_LENGTH_MAX = 128;
const A_TEXT = `a text of at most ${TEXT_LENGTH_MAX} characters, given once`;

export class KfAccountsQueryDto extends PageQueryDto {
  /**
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /** Only accounts in this state. */
  @IsOptional()
  @IsOneOf(ACCOUNT_STATES)
  readonly state?: AccountState;

  /**
   * A part of `openKfId`, `name`, `corpId` or `endpoint`, in any case.
   * @example support
   */
  @IsOptional()
  @IsString(mustBe(A_TEXT))
  @MaxLength(TEXT_LENGTH_MAX, mustBe(A_TEXT))
  readonly q?: string;

  @IsOptional()
  @IsCursorOf(KF_ACCOUNTS)
  readonly cursor?: string;
}

export class AccountPathDto {
  /**
   * The customer-service account.
   * @example wkAAA
   */
  @IsString()
  readonly openKfId!: string;
}
