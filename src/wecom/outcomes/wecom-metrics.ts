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

/** How a token request to WeCom ended, whichever caller waits for it. */
const INQUIRY_RESULTS = ['granted', 'refused', 'unreachable'] as const;
export type InquiryResult = (typeof INQUIRY_RESULTS)[number];

/** How a proxied call ended: with WeCom's answer, whatever it says, or where it failed. */
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

/** What became of a reply: it went out, WeCom or the manager in its name refused it, or there was no answer. */
const REPLY_RESULTS = ['sent', 'refused', 'unanswered'] as const;

/** Answers with an error. Callers and gateways can have any number answered, so the others are counted together. */
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

  /** @param corps left out: all of them are known. @param storeClock left out: the same as `clock`. */
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

  /** Whose a call or a token request was, and whether it went well. */
  noteOutcome(call: EndedCall): void {
    this.#outcomes.note(call);
    this.#failed.note(call);
    if (!isReply(call.api)) return;
    if (call.fault !== null) this.#replies.unanswered.add();
    else this.#replies[call.errcode === 0 ? 'sent' : 'refused'].add();
  }

  /** Corps whose calls, or requests for a token, fail now. */
  get failingCorps(): readonly CallTrouble[] {
    return this.#outcomes.failingCorps();
  }

  /** Accounts whose replies fail now. */
  get failingAccounts(): readonly CallTrouble[] {
    return this.#outcomes.failingAccounts();
  }

  /** Accounts that WeCom does not have, as it said to replies of them. */
  get unknownAccounts(): readonly CallTrouble[] {
    return this.#outcomes.unknownAccounts();
  }

  repliesOf(account: ReplyingAccount): AccountReplies {
    return this.#outcomes.repliesOf(account);
  }

  /** Of the accounts of which something was seen since then, store time. Scans all. */
  repliesSince(sinceMs: number): Iterable<ReplyingAccount & AccountReplies> {
    return this.#outcomes.repliesSince(sinceMs);
  }

  /** When a reply of the account last went out through this process; `null` when none has. */
  repliedAtMs(openKfId: string): number | null {
    return this.#outcomes.repliedAtMs(openKfId);
  }

  /** What its replies did says nothing of whoever has the account next. */
  forget(openKfId: string): void {
    this.#outcomes.forget(openKfId);
  }

  accountsOf(corpId: string): readonly string[] {
    return this.#outcomes.accountsOf(corpId);
  }

  /** @param errcode `null` where the answer has none, or is too long for an error. */
  answered(operation: WecomOperation, errcode: number | null): void {
    if (errcode === null || errcode === 0) return;
    const { known, other } = this.#errors[operation];
    (known.get(errcode) ?? other).add();
    this.#seen.add(operation, errcode);
  }

  /** The manager answered so in WeCom's name, or once more what WeCom had said before. */
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
