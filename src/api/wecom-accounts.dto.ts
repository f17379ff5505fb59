import { Matches } from 'class-validator';
import { CORP_ID_FORMAT } from '../kernel/wecom-format.js';
import { mustBe } from '../http/answers/field-rules.js';

export class WecomAccountsQueryDto {
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
   * Who takes its events: bot, registration, or nobody yet.
   * @example nobody
   */
  readonly takenBy!: 'bot' | 'registration' | 'nobody';
}

export class WecomAccountsAnswer {
  readonly items!: WecomAccountAnswer[];
}
