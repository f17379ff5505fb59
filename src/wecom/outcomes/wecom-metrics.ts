import { Inject, Injectable } from '@nestjs/common';
import { Clock, SystemClock } from '../../kernel/clock.js';
import { ID_FORMAT, type SyncEntry } from '../../kernel/wecom-format.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Past } from '../../log/past.js';
import { SignRecorder } from '../../log/sign-recorder.js';
import { UP_TO_5_S, UP_TO_60_S } from '../../metrics/bounds.js';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics, only } from '../../metrics/metrics.js';
import type { Observations } from '../../metrics/observations.js';
import { Corps } from '../../registry/accounts/corps.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import { CallOutcomes, type EndedCall, isReply, type Notes } from './call-outcomes.js';
import { failingCallers, isOfCaller, isOfNoAccount, isOfToken } from './outcome.js';
import { ReadMessages } from './read-messages.js';
import { FailedCalls } from './failed-calls.js';
import { COUNTED_ERRCODES } from '../client/wecom-answer.js';
import { WECOM_OPERATIONS, WecomErrors, type WecomOperation } from './wecom-errors.js';

/** How a request for an access token ended. */
const TOKEN_RESULTS = ['memory', 'store', 'upstream', 'refused', 'invalid', 'unreachable', 'failed'] as const;
export type TokenResult = (typeof TOKEN_RESULTS)[number];

/** How a token request to WeCom ended. Several callers may wait for one. */
const INQUIRY_RESULTS = ['granted', 'refused', 'unreachable'] as const;
export type InquiryResult = (typeof INQUIRY_RESULTS)[number];

/** How a proxied call ended. `answered`: with WeCom's answer, also when that is an error. */
const CALL_RESULTS = [
  'answered',
  'limited',
  'refused',
  'unreachable',
  'broken',
  'aborted',
  'failed',
] as const;
export type CallResult = (typeof CALL_RESULTS)[number];

/** What became of a reply. `refused`: by WeCom, or by the manager in its name. */
const REPLY_RESULTS = ['sent', 'refused', 'unanswered'] as const;

const SYNC = 'kf/sync_msg';
const ALL_KNOWN = { has: () => true, answered: () => {} };

/** Answers with an errcode other than 0. Unknown errcodes share one count: callers and gateways can cause any number. */
interface Errors {
  readonly known: ReadonlyMap<number, Count>;
  readonly other: Count;
}

/** Counts requests to WeCom and their results since the start, for the metrics and for `/health`. */
@Injectable()
export class WecomMetrics {
  readonly #tokens: Record<TokenResult, Count>;
  readonly #inquiries: Record<InquiryResult, Observations>;
  readonly #calls: Record<CallResult, Observations>;
  readonly #errors: Record<WecomOperation, Errors>;
  readonly #replies: Record<(typeof REPLY_RESULTS)[number], Count>;
  readonly errors: WecomErrors;
  readonly #outcomes: CallOutcomes;
  readonly #read: ReadMessages;
  /** By corp, account and API. */
  readonly failedCalls: FailedCalls;

  /** @param corps by default every corp is known. @param accounts the same. @param storeClock by default the same as `clock`. */
  constructor(
    metrics: Metrics,
    clock: Clock = new SystemClock(),
    @Inject(Corps) private readonly corps: Pick<Corps, 'has' | 'findOf'> = {
      has: () => true,
      findOf: () => null,
    },
    @Inject(StoreClock) storeClock: StoreClock = clock,
    private readonly past: Past = new Past(storeClock),
    @Inject(SignRecorder) notes: Notes = past,
    @Inject(KnownAccounts) private readonly accounts: Pick<KnownAccounts, 'has' | 'answered'> = ALL_KNOWN,
  ) {
    this.errors = new WecomErrors(clock);
    this.#outcomes = new CallOutcomes(storeClock, past, notes);
    this.#read = new ReadMessages(this.#outcomes, storeClock, notes);
    this.failedCalls = new FailedCalls(clock, corps);
    const tokens = metrics.counter('wxkf_token_requests_total');
    this.#tokens = byValue(TOKEN_RESULTS, (source) => tokens({ source }));
    const inquiries = metrics.histogram('wxkf_token_inquiry_duration_seconds', UP_TO_5_S);
    this.#inquiries = byValue(INQUIRY_RESULTS, (result) => inquiries({ result }));
    const calls = metrics.histogram('wxkf_proxy_call_duration_seconds', UP_TO_60_S);
    this.#calls = byValue(CALL_RESULTS, (result) => calls({ result }));
    const errors = metrics.counter('wxkf_wecom_errors_total');
    this.#errors = byValue(WECOM_OPERATIONS, (operation) => ({
      known: new Map(COUNTED_ERRCODES.map((code) => [code, errors({ operation, errcode: String(code) })])),
      other: errors({ operation, errcode: 'other' }),
    }));
    const replies = metrics.counter('wxkf_replies_total');
    this.#replies = byValue(REPLY_RESULTS, (result) => replies({ result }));
    metrics.reads('wxkf_failing_wecom_corps', () =>
      only(new Set(this.#failingCallers(storeClock).map(({ corpId }) => corpId)).size),
    );
  }

  tokenAnswered(source: TokenResult): void {
    this.#tokens[source].add();
  }

  inquiryEnded(result: InquiryResult, seconds: number): void {
    this.#inquiries[result].observe(seconds);
  }

  callEnded(result: CallResult, seconds: number): void {
    this.#calls[result].observe(seconds);
  }

  /** Records how a call or a token request ended. */
  noteOutcome(call: EndedCall): void {
    // A token may be of a corp that is not known; whoever has the account is.
    const corpId = call.corpId ?? (call.openKfId === null ? null : this.corps.findOf(call.openKfId));
    // Callers can make up corps, and accounts.
    if (corpId !== null && this.corps.has(corpId)) {
      const openKfId = this.#findKnown({ ...call, corpId });
      this.#outcomes.note({ ...call, corpId, openKfId });
    }
    this.failedCalls.note(call);
    if (!isReply(call.api)) return;
    if (call.fault !== null) this.#replies.unanswered.add();
    else this.#replies[call.errcode === 0 ? 'sent' : 'refused'].add();
  }

  /** The account that a call names, where there is one: what WeCom has just said of it is known then. */
  #findKnown(call: EndedCall & { readonly corpId: string }): string | null {
    const { corpId, openKfId, api, errcode, fault, isAsked } = call;
    if (openKfId === null) return null;
    const account = { corpId, openKfId };
    if (isAsked && fault === null && (isReply(api) || api.toLowerCase() === SYNC)) {
      if (errcode === 0) this.accounts.answered(account, true);
      else if (isOfNoAccount(String(errcode))) this.accounts.answered(account, false);
    }
    const isThere = this.accounts.has(account);
    // While nobody has said whether it is there, what WeCom says of it counts, unless that is said of its caller.
    const isSaid =
      fault === null && errcode !== null && !isOfCaller(`${errcode}`) && !isOfToken(`${errcode}`);
    return (isThere ?? isSaid) ? openKfId : null;
  }

  /** How a request of a token ended. @param botId left out where somebody tried a secret. */
  tokenAsked({
    botId,
    ...ended
  }: Pick<EndedCall, 'corpId' | 'errcode' | 'fault' | 'unlistedAddress'> & {
    botId: string | null | undefined;
  }): void {
    const isRefused = ended.fault === null && ended.errcode !== 0;
    const call = { operation: 'gettoken', api: '', openKfId: null, botId: botId ?? null, ...ended } as const;
    this.noteOutcome({ ...call, isAsked: botId !== undefined || !isRefused });
  }

  /**
   * What entries of `kf/sync_msg` tell, besides what their reader makes of them.
   * @param isOfProgram false where the manager pulled them: then they are new.
   */
  noteEntries(
    corpId: string | null,
    openKfId: string | null,
    entries: readonly SyncEntry[],
    isOfProgram: boolean,
  ): void {
    const byAccount = Map.groupBy(entries, (entry) => accountOf(entry) ?? openKfId);
    if (openKfId !== null && !byAccount.has(openKfId)) byAccount.set(openKfId, []);
    for (const [account, its] of byAccount) {
      const corp = corpId ?? (account === null ? null : this.corps.findOf(account));
      if (account === null || corp === null) continue;
      if (this.corps.has(corp)) this.accounts.answered({ corpId: corp, openKfId: account }, true);
      this.#read.note({ corpId: corp, openKfId: account }, its, isOfProgram);
    }
  }

  /** @param errcode `null` when the answer has none, or is too long to be an error. */
  answered(operation: WecomOperation, errcode: number | null): void {
    if (errcode === null || errcode === 0) return;
    const { known, other } = this.#errors[operation];
    (known.get(errcode) ?? other).add();
    this.errors.add(operation, errcode);
  }

  /** Records that the manager answered in WeCom's name, or repeated an earlier answer of WeCom. */
  answeredHere(operation: WecomOperation, errcode: number): void {
    this.errors.add(operation, errcode);
  }

  #failingCallers(storeClock: StoreClock) {
    const known = this.past
      .callers()
      .filter(({ subject, corpId }) => subject !== 'api' && this.corps.has(corpId));
    return failingCallers(known, storeClock.nowMs());
  }

  toJSON() {
    return {
      tokens: byValue(TOKEN_RESULTS, (source) => this.#tokens[source].value),
      questions: byValue(INQUIRY_RESULTS, (result) => this.#inquiries[result].count),
      calls: byValue(CALL_RESULTS, (result) => this.#calls[result].count),
    };
  }
}

/** Some entries come without their account. */
function accountOf({ open_kfid: own, event }: SyncEntry): string | null {
  const ofEvent =
    typeof event === 'object' && event !== null && 'open_kfid' in event ? event.open_kfid : null;
  const named = typeof own === 'string' && own !== '' ? own : ofEvent;
  return typeof named === 'string' && ID_FORMAT.pattern.test(named) ? named : null;
}
