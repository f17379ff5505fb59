import { RequestFields } from '../../http/log/request-log.js';
import type { CallResult } from '../wecom-metrics.js';

/** The fields of a proxied call's one log line. */
export class CallLog extends RequestFields {
  /** Left out where the path is none of an API: it may be anything. */
  api: string | undefined = undefined;
  corpId: string | undefined = undefined;
  /** The id of the bot whose key was sent. */
  bot: string | undefined = undefined;
  /** Who brought the access token. */
  token: 'caller' | 'manager' | 'none' | undefined = undefined;
  result: CallResult | undefined = undefined;
  errcode: number | undefined = undefined;
  /** Given where the call was made once more, with a new access token. */
  repeated: true | undefined = undefined;

  constructor(readonly method: string) {
    super();
  }

  override get isNews(): boolean {
    return this.result !== 'answered' || (this.errcode ?? 0) !== 0;
  }
}
