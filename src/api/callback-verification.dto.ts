import { Matches } from 'class-validator';
import { CORP_ID_FORMAT } from '../kernel/wecom-format.js';
import { mustBe } from '../http/answers/field-rules.js';

export class CallbackVerificationQueryDto {
  /**
   * The corp whose callback URL is to be verified.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;
}
