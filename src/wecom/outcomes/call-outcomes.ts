/**
 * Notes whether WeCom answers each caller, and whether the replies of each account go out: what the console's verdict, the metrics
 * and the alerts judge by.
 */
import { type Addressee, customerKey } from '../../kernel/account.js';
import { failedOnce, type OutcomeOf, type Subject, type WecomOutcome, wentWell } from '../../log/outcome.js';
import type { Past } from '../../log/past.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import { isLimited, isOfCaller, isOfNoAccount, isOfToken, toSendFailure } from './outcome.js';
import type { WecomOperation } from './wecom-errors.js';

/** What sends a message to a customer. The second one, for a welcome, does not name the account. */
const REPLIES: ReadonlySet<string> = new Set(['kf/send_msg', 'kf/send_msg_on_event']);

/** How a call ended. */
export interface EndedCall {
  readonly operation: WecomOperation;
  /** `null` when the token's corp is unknown. */
  readonly corpId: string | null;
  /** The bot by whose key it was made; `null` for other callers. */
  readonly botId: string | null;
  /** `''` for a request of a token. */
  readonly api: string;
  /** The account that the call names; `null` where it names none that is read, and of `CallOutcomes.note` none that is known. */
  readonly openKfId: string | null;
  /** The `external_userid` of the customer that a reply is for; left out where it names none. */
  readonly touser?: string | undefined;
  /** `null` where WeCom's answer has none. */
  readonly errcode: number | null;
  /** The address that WeCom does not list, where its answer names it. */
  readonly unlistedAddress?: string | undefined;
  /** Why there was no answer, or none of WeCom; `null` where there was one. */
  readonly fault: CallFault | null;
  /** Whether WeCom was asked; the manager may have answered in its place. */
  readonly isAsked: boolean;
}

/** `unreachable`: no answer, or none that is whole. `status`: WeCom answered with an HTTP status of 400 or more. */
export type CallFault = 'unreachable' | 'status';

/** WeCom has given the token with which such a call was made. */
const ONLY_OF_CALLS: ReadonlySet<string> = new Set(['40014', '42001', '48002', '50003', '301002']);

/** So long after the manager refused a call of a bot in WeCom's name, calls that go well do not end that: it refuses by the minute. */
const LIMITED_MS = 60_000;

/** Where what is seen is noted. */
export type Notes = Pick<Past, 'noteOutcome' | 'noteRead' | 'noteAsked' | 'noteTold' | 'noteReplied'>;

export class CallOutcomes {
  /** @param storeClock other replicas compare times with their own. */
  constructor(
    private readonly storeClock: StoreClock,
    private readonly past: Past,
    private readonly notes: Notes,
  ) {}

  note(call: EndedCall): void {
    const { corpId, openKfId } = call;
    if (corpId === null) return;
    // What the manager answered itself says nothing of WeCom, or of an account.
    if (!call.isAsked) return this.#noteLimited({ ...call, corpId });
    this.#noteCaller({ ...call, corpId });
    if (isReply(call.api) && openKfId !== null) this.#noteReply({ ...call, corpId, openKfId });
  }

  /** WeCom took a reply, and could not send it (`msg_send_fail`). */
  sendFailed(account: Addressee, failType: number): void {
    this.#note(ofAccount('replies', account), toSendFailure(failType));
  }

  #noteCaller(call: EndedCall & { readonly corpId: string }): void {
    const { operation, corpId, botId, api, openKfId, errcode, fault, unlistedAddress } = call;
    const of = (subject: Subject): OutcomeOf => ({ subject, corpId, botId, openKfId: null, api: '' });
    const said = errcode === null || errcode === 0 ? null : String(errcode);
    const isOfAll = fault !== null || (said !== null && isOfCaller(said));
    this.#note(of(operation), isOfAll ? (fault ?? said) : null, unlistedAddress);
    if (isOfAll) return;
    const isRefused = said !== null && isOfToken(said);
    if (isRefused || operation === 'call') this.#note(of('token'), isRefused ? said : null);
    else if (said === null) this.#tokenGiven(of('token'));
    if (operation !== 'call' || botId === null) return;
    const ofApi = { ...of('api'), openKfId, api };
    // That WeCom has no such account says nothing of the bot, unless the account is known.
    const isOfNobody = said !== null && openKfId === null && isOfNoAccount(said);
    const isOfApi = said !== null && !isRefused && !isOfNobody && !isReply(api);
    // What goes well need not be known of every API.
    if (isOfApi || this.#isOver(this.past.outcomeOf(ofApi))) this.#note(ofApi, isOfApi ? said : null);
  }

  /** The bot calls more often than WeCom allows. */
  #noteLimited({ operation, corpId, botId, openKfId, api, errcode }: EndedCall & { corpId: string }): void {
    if (operation !== 'call' || botId === null || errcode === null) return;
    this.#note({ subject: 'api', corpId, botId, openKfId, api }, String(errcode));
  }

  #isOver(known: WecomOutcome | null): boolean {
    if (known === null) return false;
    return !isLimited(known) || this.storeClock.nowMs() - known.atMs >= LIMITED_MS;
  }

  /** It ends what was said to a request of a token, and not what is said to calls with one. */
  #tokenGiven(of: OutcomeOf): void {
    if (!ONLY_OF_CALLS.has(this.past.outcomeOf(of)?.why ?? '')) this.#note(of, null);
  }

  #noteReply(call: EndedCall & Addressee): void {
    const { errcode, fault, botId, touser } = call;
    const why = fault ?? (errcode === 0 ? null : String(errcode ?? 'unreachable'));
    // Of a bot its token says so already, for all its accounts.
    if (why !== null && botId !== null && isOfToken(why)) return;
    const subject = why !== null && isOfNoAccount(why) ? 'account' : 'replies';
    this.#note(ofAccount(subject, call), why, call.unlistedAddress);
    if (why === null && touser !== undefined) this.notes.noteReplied(call, customerKey(call, touser));
  }

  /** @param why it failed; `null` when it went well. */
  #note(of: OutcomeOf, why: string | null, unlistedAddress?: string): void {
    const atMs = this.storeClock.nowMs();
    this.notes.noteOutcome(why === null ? wentWell(of, atMs) : failedOnce(of, why, atMs, unlistedAddress));
  }
}

export function isReply(api: string): boolean {
  return REPLIES.has(api.toLowerCase());
}

function ofAccount(subject: 'replies' | 'account', { corpId, openKfId }: Addressee): OutcomeOf {
  return { subject, corpId, botId: null, openKfId, api: '' };
}
