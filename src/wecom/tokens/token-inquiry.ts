/** One question upstream for all processes: under a lease, within the budget of failures, and remembered by all. */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import type { Secret } from '../../kernel/secret.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { ERRCODE, tooFrequent } from '../client/wecom-answer.js';
import type { InquiryResult, WecomMetrics } from '../outcomes/wecom-metrics.js';
import type { TokenRecord } from './access-token.js';
import { FailureBudget } from './failure-budget.js';
import type { SharedSlots } from './shared-slots.js';
import type { RefusedOutcome, TokenOutcome } from './token-outcome.js';
import { afterGrant, afterRefusal, findRefusal, findUsable } from './token-record.js';
import type { TokenSlot } from './token-slot.js';
import { ASK_LIMIT_MS, type SourceAnswer, type TokenSource } from './token-source.js';

/**
 * The deployed puppet asks again only when WeCom refused its token. So when a caller asks this long after the
 * last answer, the token is checked.
 */
export const CHECK_AFTER_MS = 60_000;
/** Longer than one question can take. */
const LEASE_MS = ASK_LIMIT_MS + 1_000;
/** While another process asks. */
const POLL_MS = 50;

/** Whose token is wanted, and by whom. */
export interface TokenRequest {
  readonly corpId: string;
  readonly corpSecret: Secret;
  /** The caller, by credential and address: see `token-caller.ts`. Failures are counted per caller. */
  readonly caller: string;
  /** Whether WeCom has accepted the secret before, so that it is no guess; left out when unknown. */
  readonly isProven?: boolean;
  /** The trace that the question upstream belongs to, if any. */
  readonly trace?: TraceContext | null;
}

export class TokenInquiry {
  readonly #budget = new FailureBudget();

  constructor(
    private readonly slots: SharedSlots,
    private readonly source: TokenSource,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly metrics: WecomMetrics,
    private readonly log: Log,
    private readonly onGrant: (slot: TokenSlot) => void,
  ) {}

  /** @throws AppError `WECOM_UNREACHABLE` */
  async run(slot: TokenSlot, request: TokenRequest): Promise<TokenOutcome> {
    slot.askedAtMs = this.storeClock.nowMs();
    // A secret that WeCom has ever accepted is no guess.
    if (request.isProven === true || (slot.record !== null && slot.record.token !== null)) {
      return this.#find(slot, request);
    }
    const giveUpMs = this.clock.elapsedMs() + ASK_LIMIT_MS;
    const isLate = (): boolean => this.clock.elapsedMs() >= giveUpMs;
    const admission = await this.#budget.admit(request.caller, isLate);
    if (typeof admission === 'number') return refusedUnasked(slot, admission);
    if (admission === null) {
      throw new AppError('WECOM_UNREACHABLE', {
        detail: 'too many questions of this caller, or of all callers, wait',
      });
    }
    let hasFailed = false;
    try {
      const outcome = await this.#find(slot, request);
      hasFailed =
        'refusal' in outcome && outcome.source === 'upstream' && outcome.refusal.errcode !== ERRCODE.busy;
      return outcome;
    } finally {
      await admission.end(hasFailed);
    }
  }

  /** What WeCom said last of this secret, or of its corp, and still stands. */
  findRefusal(slot: TokenSlot): RefusedOutcome | null {
    const refusal = findRefusal(slot.record, this.storeClock.nowMs());
    if (refusal !== null) {
      const { errcode, errmsg, untilMs } = refusal;
      return { refusal: { errcode, errmsg }, source: 'memory', retryAfterS: this.#secondsTo(untilMs) };
    }
    const retryAfterS = this.slots.pauseS(slot.corpId);
    if (retryAfterS === 0) return null;
    return { refusal: tooFrequent('WeCom wants a pause'), source: 'memory', retryAfterS };
  }

  async #find(slot: TokenSlot, request: TokenRequest): Promise<TokenOutcome> {
    const lease = await this.#lease(slot);
    if ('news' in lease) return lease.news;
    try {
      return await this.#ask(slot, request, lease.id);
    } catch (error) {
      await this.slots.release(slot, lease.id);
      throw error;
    }
  }

  /** The right to ask, without an id where the store cannot be asked; or what another process found out meanwhile. */
  async #lease(slot: TokenSlot): Promise<{ readonly id: string | null } | { readonly news: TokenOutcome }> {
    const id = randomUUID();
    const startedMs = this.storeClock.nowMs();
    const giveUpMs = this.clock.elapsedMs() + ASK_LIMIT_MS;
    for (;;) {
      const lease = await this.slots.lease(slot, id, LEASE_MS);
      if (lease === null) return { id: null };
      const news = this.#findNews(slot, startedMs);
      if (news !== null && lease.isHeld) await this.slots.release(slot, id);
      if (news !== null) return { news };
      if (lease.isHeld) return { id };
      if (this.clock.elapsedMs() >= giveUpMs) {
        throw new AppError('WECOM_UNREACHABLE', { detail: 'another replica has been asking for 5 s' });
      }
      await this.clock.sleep(POLL_MS);
    }
  }

  /** @returns `null` unless the store has an answer that is as good as upstream's. */
  #findNews(slot: TokenSlot, startedMs: number): TokenOutcome | null {
    const { record } = slot;
    if (record === null) return null;
    const token = findUsable(record, this.storeClock.nowMs());
    if (token !== null) {
      return startedMs - record.answeredAtMs <= CHECK_AFTER_MS ? { token, source: 'store' } : null;
    }
    const refusal = this.findRefusal(slot);
    return refusal === null ? null : { ...refusal, source: 'store' };
  }

  async #ask(
    slot: TokenSlot,
    { corpId, corpSecret, trace = null }: TokenRequest,
    leaseId: string | null,
  ): Promise<TokenOutcome> {
    const askedAtMs = this.storeClock.nowMs();
    const startedMs = this.clock.elapsedMs();
    const count = (result: InquiryResult): void =>
      this.metrics.inquiryEnded(result, (this.clock.elapsedMs() - startedMs) / 1_000);
    const answer = await this.source.ask(corpId, corpSecret, trace).catch((error) => {
      count('unreachable');
      this.log.warn({ corpId, reason: String(error.detail) }, 'token.unreachable');
      throw error;
    });
    count('refusal' in answer ? 'refused' : 'granted');
    const record = this.#toRecord(slot, answer, askedAtMs);
    await this.slots.learn(slot, record, leaseId);
    if ('grant' in answer) this.onGrant(slot);
    if ('refusal' in answer) {
      this.log.warn({ corpId, ...answer.refusal }, 'token.refused');
      const retryAfterS = this.#secondsTo(record.refusal?.untilMs ?? 0);
      return { refusal: answer.refusal, source: 'upstream', retryAfterS };
    }
    if (record.token === null) throw new Error('a grant has a token');
    return { token: record.token, source: 'upstream' };
  }

  #toRecord(slot: TokenSlot, answer: SourceAnswer, askedAtMs: number): TokenRecord {
    const nowMs = this.storeClock.nowMs();
    if ('refusal' in answer) return afterRefusal(slot, slot.record, answer.refusal, nowMs);
    const before = slot.record?.token ?? null;
    return afterGrant(slot, before, answer.grant, { askedAtMs, nowMs }, this.source.isGateway);
  }

  #secondsTo(untilMs: number): number {
    return Math.max(1, Math.ceil((untilMs - this.storeClock.nowMs()) / 1_000));
  }
}

/** The failure budget is spent. WeCom's last answer about this secret says more than that. */
function refusedUnasked({ record }: TokenSlot, retryAfterS: number): RefusedOutcome {
  const last =
    record?.refusal ?? tooFrequent('too many gettoken calls of this caller, or of all callers, have failed');
  const { errcode, errmsg } = last;
  return { refusal: { errcode, errmsg }, source: 'memory', retryAfterS };
}
