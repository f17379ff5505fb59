import { Matches } from 'class-validator';
import { CORP_ID_FORMAT } from '../../kernel/wecom-format.js';
import { mustBe } from '../../http/answers/field-rules.js';

export class CallbackVerificationQueryDto {
  /**
   * The corp whose callback URL is to be verified.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;
}

/** The verification of a callback URL, as WeCom makes it when the URL is saved. */
export class CallbackVerificationAnswer {
  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /**
   * The query for the callback URL, to be put after a `?`.
   * @example msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780&echostr=P9nAzCzy
   */
  readonly query!: string;

  /**
   * The text that the callback URL must answer. By its form a manager knows that the request is not from WeCom.
   * @example check1616140317555161061
   */
  readonly echo!: string;
}
