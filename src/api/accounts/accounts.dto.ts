import { IsInt, IsOptional, IsString, Matches, MaxLength, Min } from 'class-validator';
import { ACCOUNT_ORDERS, type AccountOrder } from '../../insight/accounts/account-list.js';
import { SERVED_BY, type ServedBy } from '../../insight/accounts/account-servers.js';
import { ACCOUNT_STATES, type AccountState } from '../../insight/accounts/account-states.js';
import type { FailureReasonAnswer } from '../answers/failure.dto.js';
import { IsCursorOf, IsId, IsOneOf, PageQueryDto } from '../../http/answers/page-query.dto.js';
import { expected, mustBe } from '../../http/answers/field-rules.js';
import { CORP_ID_FORMAT } from '../../kernel/wecom-format.js';

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
  @IsOneOf(ACCOUNT_STATES)
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
  @IsOneOf(ACCOUNT_ORDERS)
  readonly sort?: AccountOrder;

  @IsOptional()
  @IsCursorOf(listOf, (position) => position !== '')
  readonly cursor?: string;
}

/** A cursor is of its order alone. */
export function listOf({ sort = 'state' }: AccountsQueryDto): string {
  return `${ACCOUNTS}-by-${sort}`;
}

export class AccountPathDto {
  /**
   * The customer-service account.
   * @example wkAAA
   */
  @IsString()
  readonly openKfId!: string;
}

export class AccountQueryDto {
  /**
   * The corp of the account. Left out: of several that have it, the one that has registered it, or whose bot lists it.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}

export class CorpPathDto {
  /**
   * The corp whose accounts are listed.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;
}

/** A customer-service account, as WeCom lists it. */
export class WecomAccountAnswer {
  /** @example wkAAA */
  readonly openKfId!: string;

  /** @example Support */
  readonly name!: string;

  /**
   * Who takes its events, as in the list of accounts.
   * @example nobody
   */
  readonly servedBy!: ServedBy;
}

export class WecomAccountsAnswer {
  readonly items!: WecomAccountAnswer[];
}

/** The result of an operator's test. */
export class TestedAnswer {
  /** @example false */
  readonly taken!: boolean;

  /**
   * true: its bot takes messages, so the manager has pulled what is new and sent nothing to the bot. `taken` then says whether
   * WeCom answered.
   * @example false
   */
  readonly pulled!: boolean;

  /** The status that the puppet answered; null when it did not answer. */
  @IsInt()
  readonly status!: number | null;

  /** @example 4.2 */
  @Min(0)
  readonly durationMs!: number;

  /** The first 1 kB of the puppet's answer; null when there was none. */
  readonly body!: string | null;

  /** Why it was not taken; null when it was. */
  readonly failure!: FailureReasonAnswer | null;
}
