/**
 * Whether WeCom answers each caller, and whether the replies of each account go out, as far as this process sees it: what the
 * console's verdict, the metrics and the alerts judge by.
 */
import type { Addressee } from '../../kernel/account.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import {
  isOfCaller,
  isOfNoAccount,
  isOfToken,
  type WecomOutcome,
  type OutcomeOf,
  outcomeKey,
  type Subject,
  toSendFailure,
} from './outcome.js';
import type { WecomOperation } from './wecom-errors.js';

/** Of each kind; what was noted first goes first. A caller can name any account, and any API. */
const ACCOUNTS_MAX = 100_000;
const CALLERS_MAX = 10_000;
const OF_ACCOUNT_MAX = 4;

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
  /** The account that the call names; `null` where it names none that is read. */
  readonly openKfId: string | null;
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

type Changed = { -readonly [Field in keyof WecomOutcome]: WecomOutcome[Field] };

const NO_FAILURE = { failures: 0, sinceMs: 0, atMs: 0, why: '', unlistedAddress: undefined };
/** WeCom has given the token with which such a call was made. */
const ONLY_OF_CALLS: ReadonlySet<string> = new Set(['40014', '42001', '48002', '50003', '301002']);

export class CallOutcomes {
  /** By the account's id. */
  readonly #accounts = new Map<string, Changed[]>();
  readonly #callers = new Map<string, Changed>();

  /** @param storeClock other replicas compare times with their own. */
  constructor(private readonly storeClock: StoreClock) {}

  note(call: EndedCall): void {
    const { corpId, openKfId } = call;
    if (corpId === null) return;
    if (call.isAsked) this.#noteCaller({ ...call, corpId });
    if (isReply(call.api) && openKfId !== null) this.#noteReply({ ...call, corpId, openKfId });
  }

  /** WeCom took a reply, and could not send it (`msg_send_fail`). */
  sendFailed(account: Addressee, failType: number): void {
    this.#note(this.#ofAccount('replies', account), toSendFailure(failType));
  }

  /** A person who serves customers wrote to one. */
  answered(account: Addressee): void {
    this.#note(this.#ofAccount('replies', account), null);
  }

  /** `null` where this process has seen none. */
  ofAccount(subject: 'replies' | 'account', { corpId, openKfId }: Addressee): WecomOutcome | null {
    const known = this.#accounts.get(openKfId);
    return known?.find((one) => one.subject === subject && one.corpId === corpId) ?? null;
  }

  /** When this process last saw that WeCom took a reply, store time; 0 for never. */
  repliedAtMs(account: Addressee): number {
    return this.ofAccount('replies', account)?.okAtMs ?? 0;
  }

  accounts(): readonly WecomOutcome[] {
    return [...this.#accounts.values()].flat();
  }

  callers(): readonly WecomOutcome[] {
    return [...this.#callers.values()];
  }

  /** What its replies did; what its corp and its bot did stays. */
  forget(openKfId: string): void {
    this.#accounts.delete(openKfId);
  }

  /** Accounts of the corp that it knows something of. */
  accountsOf(corpId: string): readonly string[] {
    return [...this.#accounts].flatMap(([openKfId, known]) =>
      known.some((one) => one.corpId === corpId) ? [openKfId] : [],
    );
  }

  #noteCaller(call: EndedCall & { readonly corpId: string }): void {
    const { operation, corpId, botId, api, openKfId, errcode, fault, unlistedAddress } = call;
    const of = (subject: Subject): OutcomeOf => ({ subject, corpId, botId, openKfId: null, api: '' });
    const said = errcode === null || errcode === 0 ? null : String(errcode);
    const isOfAll = fault !== null || (said !== null && isOfCaller(said));
    this.#note(this.#ofCaller(of(operation)), isOfAll ? (fault ?? said) : null, unlistedAddress);
    if (isOfAll) return;
    const isRefused = said !== null && isOfToken(said);
    if (isRefused || operation === 'call') this.#note(this.#ofCaller(of('token')), isRefused ? said : null);
    else if (said === null) this.#tokenGiven(of('token'));
    if (operation !== 'call' || botId === null || isReply(api)) return;
    const ofApi = { ...of('api'), openKfId, api };
    const isOfApi = said !== null && !isRefused;
    // What goes well need not be known of every API.
    if (isOfApi || this.#callers.has(outcomeKey(ofApi)))
      this.#note(this.#ofCaller(ofApi), isOfApi ? said : null);
  }

  /** It ends what was said to a request of a token, and not what is said to calls with one. */
  #tokenGiven(of: OutcomeOf): void {
    const token = this.#ofCaller(of);
    if (!ONLY_OF_CALLS.has(token.why)) this.#note(token, null);
  }

  #noteReply(call: EndedCall & Addressee): void {
    const { errcode, fault, botId } = call;
    const why = fault ?? (errcode === 0 ? null : String(errcode ?? 'unreachable'));
    // Of a bot its token says so already, for all its accounts.
    if (why !== null && botId !== null && isOfToken(why)) return;
    const subject = why !== null && isOfNoAccount(why) ? 'account' : 'replies';
    this.#note(this.#ofAccount(subject, call), why, call.unlistedAddress);
  }

  #ofAccount(subject: 'replies' | 'account', { corpId, openKfId }: Addressee): Changed {
    const known = this.#accounts.get(openKfId) ?? [];
    const found = known.find((one) => one.subject === subject && one.corpId === corpId);
    if (found !== undefined) return found;
    const added = newOutcome({ subject, corpId, botId: null, openKfId, api: '' });
    if (known.length === 0) makeRoom(this.#accounts, ACCOUNTS_MAX);
    // Another corp that names the account has one of its own; more are made up.
    this.#accounts.set(openKfId, [...known.slice(-OF_ACCOUNT_MAX + 1), added]);
    return added;
  }

  #ofCaller(of: OutcomeOf): Changed {
    const key = outcomeKey(of);
    const found = this.#callers.get(key);
    if (found !== undefined) return found;
    const added = newOutcome(of);
    makeRoom(this.#callers, CALLERS_MAX);
    this.#callers.set(key, added);
    return added;
  }

  /** @param why it failed; `null` when it went well. */
  #note(outcome: Changed, why: string | null, unlistedAddress?: string): void {
    const nowMs = this.storeClock.nowMs();
    if (why === null) {
      Object.assign(outcome, NO_FAILURE, { okAtMs: nowMs });
      return;
    }
    if (outcome.failures === 0) outcome.sinceMs = nowMs;
    outcome.failures++;
    outcome.atMs = nowMs;
    outcome.why = why;
    outcome.unlistedAddress = unlistedAddress;
  }
}

/** What another replica has to know: what was seen since then, store time, and what has failed since it last went well. */
export function isNews({ failures, okAtMs }: WecomOutcome, sinceMs: number): boolean {
  return failures > 0 || okAtMs >= sinceMs;
}

export function isReply(api: string): boolean {
  return REPLIES.has(api.toLowerCase());
}

function newOutcome(of: OutcomeOf): Changed {
  return { ...of, okAtMs: 0, ...NO_FAILURE };
}

function makeRoom(seen: Map<string, unknown>, max: number): void {
  const [first] = seen.size >= max ? seen.keys() : [];
  if (first !== undefined) seen.delete(first);
}
