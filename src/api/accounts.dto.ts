import { IsOptional, IsString, MaxLength } from 'class-validator';
import { type AccountState, SERVED_BY, type ServedBy, STATES } from '../insight/accounts/account.dto.js';
import { ORDERS, type Order } from '../insight/accounts/all-accounts.js';
import { IsCursorOf, IsId, IsOneOf, PageQueryDto } from '../http/answers/page-query.dto.js';
import { expected } from '../http/answers/field-rules.js';

const ACCOUNTS = 'accounts';
const TEXT_LENGTH_MAX = 128;
const A_TEXT = `a text of at most ${TEXT_LENGTH_MAX} characters, given once`;

export class AccountsQueryDto extends PageQueryDto {
  /**
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /** Served by this bot alone. */
  @IsOptional()
  @IsId()
  readonly botId?: string;

  /** Served so. */
  @IsOptional()
  @IsOneOf(SERVED_BY)
  readonly servedBy?: ServedBy;

  /** Only accounts in this state. */
  @IsOptional()
  @IsOneOf(STATES)
  readonly state?: AccountState;

  /**
   * A part of a name or an id of the account, its corp or its bot, or of its address, in any case.
   * @example support
   */
  @IsOptional()
  @IsString(expected(A_TEXT))
  @MaxLength(TEXT_LENGTH_MAX, expected(A_TEXT))
  readonly q?: string;

  /**
   * `state`: the worst first, then by name, where it is left out. `name`. `lastMessage`: the latest message first. `p95`: the
   * slowest within the last hour first.
   */
  @IsOptional()
  @IsOneOf(ORDERS)
  readonly sort?: Order;

  @IsOptional()
  @IsCursorOf(listOf, (position) => position !== '')
  readonly cursor?: string;
}

/** A cursor is of its order alone. */
export function listOf({ sort = 'state' }: AccountsQueryDto): string {
  return `${ACCOUNTS}-by-${sort}`;
}

export class CorpAccountPathDto {
  /**
   * The corp of the account.
   * @example wx5823bf96d3bd56c7
   */
  @IsString()
  readonly corpId!: string;

  /**
   * The customer-service account.
   * @example wkAAA
   */
  @IsString()
  readonly openKfId!: string;
}
