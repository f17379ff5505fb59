/**
 * One inquiry upstream serves all processes. It runs under a lease and within the failure budget, and its answer is stored for
 * all.
 */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import { ERRCODE, tooFrequent } from '../client/wecom-answer.js';
import type { InquiryResult, WecomMetrics } from '../outcomes/wecom-metrics.js';
import type { TokenRecord } from './access-token.js';
import { FailureBudget } from './failure-budget.js';
import type { SharedSlots } from './shared-slots.js';
import { callerKeyOf, type RefusedOutcome, type TokenOutcome, type TokenRequest } from './token-request.js';
import { afterGrant, afterRefusal, findRefusal, findUsable } from './token-record.js';
import type { TokenSlot } from './token-slot.js';
import { ASK_LIMIT_MS, type SourceAnswer, type TokenSource } from './token-source.js';

/**
 * The deployed puppet asks again only after WeCom refused its token. So when a caller asks this long after upstream's last
 * answer, the token is checked.
 */
export const CHECK_AFTER_MS = 60_000;
/** Longer than one inquiry can take. */
const LEASE_MS = ASK_LIMIT_MS + 1_000;
/** How often to look for the answer that another process asks for. */
const POLL_MS = 50;

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
    // The failure budget is for guessed secrets. WeCom has accepted this one before.
    if (request.isProven === true || (slot.record !== null && slot.record.token !== null)) {
      return this.#find(slot, request);
    }
    const giveUpMs = this.clock.elapsedMs() + ASK_LIMIT_MS;
    const isLate = (): boolean => this.clock.elapsedMs() >= giveUpMs;
    const admission = await this.#budget.admit(callerKeyOf(request.caller), isLate);
    if (typeof admission === 'number') return refusedUnasked(slot, admission);
    if (admission === null) {
      throw new AppError('WECOM_UNREACHABLE', {
        detail: 'too many token requests of this caller, or of all callers, are waiting; try again',
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

  /** WeCom's last refusal of this secret, or of its corp, while it is still in force. */
  findRefusal(slot: TokenSlot): RefusedOutcome | null {
    const refusal = findRefusal(slot.record, this.storeClock.nowMs());
    if (refusal !== null) {
      const { errcode, errmsg, untilMs } = refusal;
      return { refusal: { errcode, errmsg }, source: 'memory', retryAfterS: this.#secondsTo(untilMs) };
    }
    const retryAfterS = this.slots.pauseS(slot.corpId);
    if (retryAfterS === 0) return null;
    return { refusal: tooFrequent('WeCom asked for a pause for this corp'), source: 'memory', retryAfterS };
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

  /** Gets the lease to ask upstream; its id is `null` when the store fails. Or gets the answer that another process stored. */
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

  /** @returns the stored answer, when it is new enough to replace an inquiry; else `null`. */
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
    { corpId, corpSecret, botId, trace = null }: TokenRequest,
    leaseId: string | null,
  ): Promise<TokenOutcome> {
    const askedAtMs = this.storeClock.nowMs();
    const startedMs = this.clock.elapsedMs();
    const count = (result: InquiryResult): void =>
      this.metrics.inquiryEnded(result, (this.clock.elapsedMs() - startedMs) / 1_000);
    const answer = await this.source.ask(corpId, corpSecret, trace, botId).catch((error) => {
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

/** The refusal when the failure budget is spent: WeCom's last refusal of the secret, else errcode 45009. */
function refusedUnasked({ record }: TokenSlot, retryAfterS: number): RefusedOutcome {
  const last =
    record?.refusal ?? tooFrequent('too many gettoken calls of this caller, or of all callers, have failed');
  const { errcode, errmsg } = last;
  return { refusal: { errcode, errmsg }, source: 'memory', retryAfterS };
}
