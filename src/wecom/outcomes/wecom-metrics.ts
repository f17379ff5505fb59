import { Inject, Injectable } from '@nestjs/common';
import { Clock, SystemClock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { UP_TO_5_S, UP_TO_60_S } from '../../metrics/bounds.js';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics, only } from '../../metrics/metrics.js';
import type { Observations } from '../../metrics/observations.js';
import type { AccountHistory } from '../../registry/puppets/account-history.js';
import { Corps } from '../../registry/accounts/corps.js';
import {
  type AccountReplies,
  CallOutcomes,
  type CallTrouble,
  type EndedCall,
  isReply,
  type ReplyingAccount,
} from './call-outcomes.js';
import { type FailedCall, FailedCalls } from './failed-calls.js';
import { COUNTED_ERRCODES } from '../client/wecom-answer.js';
import { type SeenError, WECOM_OPERATIONS, WecomErrors, type WecomOperation } from './wecom-errors.js';

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

/** Answers with an errcode other than 0. Unknown errcodes share one count: callers and gateways can cause any number. */
interface Errors {
  readonly known: ReadonlyMap<number, Count>;
  readonly other: Count;
}

/** Counts requests to WeCom and their results since the start, for the metrics and for `/health`. */
@Injectable()
export class WecomMetrics implements AccountHistory {
  readonly #tokens: Record<TokenResult, Count>;
  readonly #inquiries: Record<InquiryResult, Observations>;
  readonly #calls: Record<CallResult, Observations>;
  readonly #errors: Record<WecomOperation, Errors>;
  readonly #replies: Record<(typeof REPLY_RESULTS)[number], Count>;
  readonly #seen: WecomErrors;
  readonly #outcomes: CallOutcomes;
  readonly #failed: FailedCalls;

  /** @param corps by default every corp is known. @param storeClock by default the same as `clock`. */
  constructor(
    metrics: Metrics,
    clock: Clock = new SystemClock(),
    @Inject(Corps) corps: Pick<Corps, 'has'> = { has: () => true },
    @Inject(StoreClock) storeClock: StoreClock = clock,
  ) {
    this.#seen = new WecomErrors(clock);
    this.#outcomes = new CallOutcomes(storeClock);
    this.#failed = new FailedCalls(clock, corps);
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
      only(new Set(this.failingCorps.map(({ corpId }) => corpId)).size),
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
    this.#outcomes.note(call);
    this.#failed.note(call);
    if (!isReply(call.api)) return;
    if (call.fault !== null) this.#replies.unanswered.add();
    else this.#replies[call.errcode === 0 ? 'sent' : 'refused'].add();
  }

  /** Corps whose calls or token requests fail now. */
  get failingCorps(): readonly CallTrouble[] {
    return this.#outcomes.failingCorps();
  }

  /** Accounts whose replies fail now. */
  get failingAccounts(): readonly CallTrouble[] {
    return this.#outcomes.failingAccounts();
  }

  /** Accounts that WeCom does not know, by its answers to their replies. */
  get unknownAccounts(): readonly CallTrouble[] {
    return this.#outcomes.unknownAccounts();
  }

  repliesOf(account: ReplyingAccount): AccountReplies {
    return this.#outcomes.repliesOf(account);
  }

  /** The replies of each account that were seen at or after `sinceMs`, store time. Scans all accounts. */
  repliesSince(sinceMs: number): Iterable<ReplyingAccount & AccountReplies> {
    return this.#outcomes.repliesSince(sinceMs);
  }

  /** When a reply of the account last went out through this process; `null` when none has. */
  repliedAtMs(openKfId: string): number | null {
    return this.#outcomes.repliedAtMs(openKfId);
  }

  /** Forgets the replies of an account. They say nothing about the next bot that has it. */
  forget(openKfId: string): void {
    this.#outcomes.forget(openKfId);
  }

  accountsOf(corpId: string): readonly string[] {
    return this.#outcomes.accountsOf(corpId);
  }

  /** @param errcode `null` when the answer has none, or is too long to be an error. */
  answered(operation: WecomOperation, errcode: number | null): void {
    if (errcode === null || errcode === 0) return;
    const { known, other } = this.#errors[operation];
    (known.get(errcode) ?? other).add();
    this.#seen.add(operation, errcode);
  }

  /** Records that the manager answered in WeCom's name, or repeated an earlier answer of WeCom. */
  answeredHere(operation: WecomOperation, errcode: number): void {
    this.#seen.add(operation, errcode);
  }

  get errors(): readonly SeenError[] {
    return this.#seen.list();
  }

  /** Calls that failed within the last 24 hours, by corp, account and API. */
  get failedCalls(): readonly FailedCall[] {
    return this.#failed.list();
  }

  /** When a reply of any account last went out; `null` when none has. */
  get lastReplyAtMs(): number | null {
    return this.#outcomes.lastReplyAtMs;
  }

  toJSON() {
    return {
      tokens: byValue(TOKEN_RESULTS, (source) => this.#tokens[source].value),
      questions: byValue(INQUIRY_RESULTS, (result) => this.#inquiries[result].count),
      calls: byValue(CALL_RESULTS, (result) => this.#calls[result].count),
    };
  }
}
