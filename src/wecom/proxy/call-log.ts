import { RequestFields } from '../../http/log/request-log.js';
import type { EndedCall } from '../outcomes/call-outcomes.js';
import type { CallResult } from '../outcomes/wecom-metrics.js';

/** A caller that waited so long and then hung up has got no answer. */
const NO_ANSWER_S = 5;

/** The fields of a proxied call's one log line. */
export class CallLog extends RequestFields {
  /** Left out where the path is none of an API: it may be anything. */
  api: string | undefined = undefined;
  corpId: string | undefined = undefined;
  /** The id of the bot whose key was sent. */
  bot: string | undefined = undefined;
  /** The account of a reply, where its body is short and names one. */
  openKfId: string | undefined = undefined;
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

/** What the call says of WeCom; `null` where it says nothing: it was refused here, or its caller hung up. */
export function toEndedCall(log: CallLog, answeredStatus: number | null, seconds: number): EndedCall | null {
  const { api = '', corpId = null, openKfId = null, result, errcode = null } = log;
  const ended = { operation: 'call', corpId, api, openKfId, errcode } as const;
  const isUnanswered =
    result === 'unreachable' || result === 'broken' || (result === 'aborted' && seconds >= NO_ANSWER_S);
  if (isUnanswered) return { ...ended, fault: 'unreachable' };
  // Of the limits that the manager keeps, one account's replies know; WeCom itself was not asked.
  if (result === 'limited') return { ...ended, corpId: null, fault: null };
  // Without a token, since WeCom refuses one.
  if (result === 'refused' && errcode !== null) return { ...ended, fault: null };
  if (result !== 'answered' || answeredStatus === null) return null;
  return { ...ended, fault: answeredStatus >= 400 ? 'status' : null };
}
