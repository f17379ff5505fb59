import { RequestFields } from '../../http/log/request-log.js';
import { ERRCODE } from '../client/wecom-answer.js';
import type { EndedCall } from '../outcomes/call-outcomes.js';
import type { CallResult } from '../outcomes/wecom-metrics.js';

/** When a caller waits so long and hangs up, it counts as no answer of WeCom. */
const NO_ANSWER_S = 5;

/** The fields of a proxied call's one log line. */
export class CallLog extends RequestFields {
  /** Left out when the path is not valid, since it could contain anything. */
  api: string | undefined = undefined;
  corpId: string | undefined = undefined;
  /** The id of the bot whose key was sent. */
  bot: string | undefined = undefined;
  /** The account that the call names: of a bot's call, and of a reply whose body is short. */
  openKfId: string | undefined = undefined;
  /** Who brought the access token. */
  token: 'caller' | 'manager' | 'none' | undefined = undefined;
  /** Of a pull whose sync token is not known to be good: whether it got another one. */
  syncToken: 'replaced' | 'unknown' | undefined = undefined;
  result: CallResult | undefined = undefined;
  errcode: number | undefined = undefined;
  /** The address that WeCom does not list, with 60020. */
  unlistedAddress: string | undefined = undefined;
  /** Set when the call was made a second time, with a new access token. */
  repeated: true | undefined = undefined;

  /** It is never logged. */
  #touser: string | undefined = undefined;

  constructor(readonly method: string) {
    super();
  }

  /** The customer that a reply is for, where its body is short. */
  get touser(): string | undefined {
    return this.#touser;
  }

  replies(openKfId: string | undefined, touser: string | undefined): void {
    this.openKfId = openKfId;
    this.#touser = touser;
  }

  override get isNews(): boolean {
    return this.result !== 'answered' || (this.errcode ?? 0) !== 0;
  }
}

/** What the call shows about WeCom; `null` when it shows nothing: the manager refused it, or the caller hung up early. */
export function toEndedCall(log: CallLog, answeredStatus: number | null, seconds: number): EndedCall | null {
  const { api = '', corpId = null, bot: botId = null, openKfId = null } = log;
  const { result, errcode = null, unlistedAddress, touser } = log;
  const of = { operation: 'call', corpId, botId, api, openKfId, touser } as const;
  const ended = { ...of, errcode, unlistedAddress, isAsked: true };
  const isUnanswered =
    result === 'unreachable' || result === 'broken' || (result === 'aborted' && seconds >= NO_ANSWER_S);
  if (isUnanswered) return { ...ended, fault: 'unreachable' };
  if (result === 'limited') return { ...ended, fault: null, isAsked: false };
  // WeCom refused to give an access token. A pause for its callers is the manager's own.
  if (result === 'refused' && errcode !== null)
    return { ...ended, fault: null, isAsked: errcode !== ERRCODE.tooFrequent };
  if (result !== 'answered' || answeredStatus === null) return null;
  return { ...ended, fault: answeredStatus >= 400 ? 'status' : null };
}
