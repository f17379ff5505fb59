import { IsOptional, IsString, MaxLength } from 'class-validator';
import { ACCOUNT_STATES, type AccountState } from '../insight/accounts/account-answers.js';
import { ACCOUNT_ORDERS, type AccountOrder } from '../insight/accounts/account-list.js';
import { IsCursorOf, IsId, IsOneOf, PageQueryDto } from '../http/answers/page-query.dto.js';
import { expected } from '../http/answers/field-rules.js';

const KF_ACCOUNTS = 'kf-accounts';
const TEXT_LENGTH_MAX = 128;
const A_TEXT = `a text of at most ${TEXT_LENGTH_MAX} characters, given once`;

export class KfAccountsQueryDto extends PageQueryDto {
  /**
   * Only of this corp.
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
  @IsString(expected(A_TEXT))
  @MaxLength(TEXT_LENGTH_MAX, expected(A_TEXT))
  readonly q?: string;

  /**
   * `account`: by corp and account; the default. `name`: by name. `waitingSince`: the longest wait first, without accounts that
   * have no hint. `p95`: the slowest first, `success`: the least successful first, by all replicas' attempts of the last hour.
   */
  @IsOptional()
  @IsOneOf(ACCOUNT_ORDERS)
  readonly sort?: AccountOrder;

  @IsOptional()
  @IsCursorOf(listOf, (position) => position !== '')
  readonly cursor?: string;
}

/** The name of the list in cursors: a cursor is valid only for its order. */
export function listOf({ sort = 'account' }: KfAccountsQueryDto): string {
  return sort === 'account' ? KF_ACCOUNTS : `${KF_ACCOUNTS}-by-${sort}`;
}

export class AccountPathDto {
  /**
   * The customer-service account.
   * @example wkAAA
   */
  @IsString()
  readonly openKfId!: string;
}
