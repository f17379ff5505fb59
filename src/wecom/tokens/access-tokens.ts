/**
 * One access token for each secret, shared by all callers that have the secret. It comes from memory, else from the store, else
 * from one inquiry upstream for all processes. WeCom blocks an address that asks too often. So this file asks as rarely as
 * possible, and tells every caller how long a token is really valid.
 */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { WecomMetrics } from '../outcomes/wecom-metrics.js';
import type { AccessToken } from './access-token.js';
import { AccessTokenStore } from './access-token.store.js';
import { SharedSlots } from './shared-slots.js';
import { CHECK_AFTER_MS, TokenInquiry } from './token-inquiry.js';
import type { RefusedOutcome, TokenOutcome, TokenRequest } from './token-request.js';
import { findUsable } from './token-record.js';
import type { TokenSlot } from './token-slot.js';
import { TokenSource } from './token-source.js';

/** How long a caller waits for the check of a token that may still be valid. */
const CHECK_WAIT_MS = 1_000;

interface Loaded {
  readonly slot: TokenSlot;
  readonly source: 'memory' | 'store';
}

@Injectable()
export class AccessTokens implements OnApplicationShutdown {
  readonly #slots: SharedSlots;
  readonly #inquiry: TokenInquiry;
  readonly #flights = new BackgroundWork();
  #onGrant: (secret: Pick<TokenSlot, 'corpId' | 'secretId'>) => void = () => {};

  constructor(
    store: AccessTokenStore,
    private readonly source: TokenSource,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    metrics: WecomMetrics,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#slots = new SharedSlots(store, storeClock, log);
    const onGrant = (slot: TokenSlot): void => this.#onGrant(slot);
    this.#inquiry = new TokenInquiry(this.#slots, source, clock, storeClock, metrics, log, onGrant);
  }

  async onApplicationShutdown(): Promise<void> {
    this.source.close();
    await this.#flights.whenOver();
    await this.#slots.whenWritten();
  }

  /**
   * For a caller that will keep the token. A token that was not checked for a minute is checked first.
   * @throws AppError `WECOM_UNREACHABLE` when no token is known and upstream gives no answer.
   */
  async get(request: TokenRequest): Promise<TokenOutcome> {
    const { slot, source } = await this.#load(request, true);
    const ready = this.#findReady(slot);
    if (ready === null) return this.#getNew(slot, request);
    if (!this.#isDue(slot)) return { token: ready, source };
    const checked = await this.#withinWait(this.#fly(slot, request));
    if (checked !== null && 'token' in checked) return checked;
    const still = this.#findReady(slot);
    return still === null ? this.#getNew(slot, request) : { token: still, source };
  }

  /** For one call that is made at once. The call itself shows whether the token is still valid. Errors as `get`. */
  async getForCall(request: TokenRequest): Promise<TokenOutcome> {
    const { slot, source } = await this.#load(request, false);
    const ready = this.#findReady(slot);
    if (ready === null) return this.#getNew(slot, request);
    const isEnding = !this.source.isGateway && slot.isDueForRenewal(this.storeClock.nowMs());
    if (isEnding && this.#isDue(slot)) this.#fly(slot, request).catch(() => {});
    return { token: ready, source };
  }

  /**
   * Upstream's answer about the secret, at most a minute old. A token that is still valid does not replace the answer. Errors as
   * `get`.
   */
  async check(request: TokenRequest): Promise<TokenOutcome> {
    const { slot, source } = await this.#load(request, true);
    const refusal = this.#inquiry.findRefusal(slot);
    if (refusal !== null) return refusal;
    const token = this.#findReady(slot);
    const { record } = slot;
    const isOld = record === null || this.storeClock.nowMs() - record.answeredAtMs > CHECK_AFTER_MS;
    if (token !== null && !isOld && record.refusal === null) return { token, source };
    const outcome = await this.#fly(slot, request);
    return 'token' in outcome ? (this.#findLastRefusal(slot) ?? outcome) : outcome;
  }

  /** `listen` is called for each secret for which upstream gives a token. There is one listener. */
  onGrant(listen: (secret: Pick<TokenSlot, 'corpId' | 'secretId'>) => void): void {
    this.#onGrant = listen;
  }

  /**
   * The corp and secret of an access token that any process gave out; `null` for any other token, `undefined` when the store does
   * not answer.
   */
  findOwnerOf(tokenId: string): Promise<Pick<TokenSlot, 'corpId' | 'secretId'> | null | undefined> {
    return this.#slots.findOwner(tokenId);
  }

  /**
   * Reports that WeCom refused this token in a call. The token is given out no more, unless it was replaced already or WeCom has
   * just given the same token again.
   */
  async revoke(tokenId: string): Promise<void> {
    const slot = await this.#slots.findOwner(tokenId);
    if (!slot || !(await this.#slots.revoke(slot, tokenId))) return;
    this.log.info({ corpId: slot.corpId }, 'token.revoked');
  }

  /** The last refusal, also when its pause is over. A token may still be valid at the same time. */
  #findLastRefusal({ record }: TokenSlot): RefusedOutcome | null {
    if (record === null || record.refusal === null) return null;
    const { errcode, errmsg } = record.refusal;
    const againMs = record.answeredAtMs + CHECK_AFTER_MS - this.storeClock.nowMs();
    return {
      refusal: { errcode, errmsg },
      source: 'store',
      retryAfterS: Math.max(1, Math.ceil(againMs / 1_000)),
    };
  }

  /** @param isForKeeping whether to read what other processes stored meanwhile. For a single call its result shows it. */
  async #load({ corpId, corpSecret }: TokenRequest, isForKeeping: boolean): Promise<Loaded> {
    const slot = this.#slots.of(secretIdOf(corpId, corpSecret), corpId);
    const isKnown = slot.record !== null && !(isForKeeping && this.#slots.isOutdated(slot));
    if (isKnown) return { slot, source: 'memory' };
    await this.#slots.load(slot);
    return { slot, source: 'store' };
  }

  #findReady({ record }: TokenSlot): AccessToken | null {
    return findUsable(record, this.storeClock.nowMs());
  }

  /** Whether upstream may be asked about a token that is still valid. */
  #isDue(slot: TokenSlot): boolean {
    const isOld = this.storeClock.nowMs() - slot.lastAskedMs > CHECK_AFTER_MS;
    return isOld && this.#inquiry.findRefusal(slot) === null;
  }

  async #getNew(slot: TokenSlot, request: TokenRequest): Promise<TokenOutcome> {
    return this.#inquiry.findRefusal(slot) ?? this.#fly(slot, request);
  }

  /** @returns `null` when no answer came in time, or the inquiry failed. An answer may still arrive later. */
  async #withinWait(flight: Promise<TokenOutcome>): Promise<TokenOutcome | null> {
    return (await this.clock.within(CHECK_WAIT_MS, flight)) ? flight.catch(() => null) : null;
  }

  /** Starts an inquiry, or joins the running one. */
  #fly(slot: TokenSlot, request: TokenRequest): Promise<TokenOutcome> {
    if (slot.flight !== null) return slot.flight;
    const flight = this.#inquiry.run(slot, request).finally(() => {
      slot.flight = null;
    });
    slot.flight = flight;
    return this.#flights.add(flight);
  }
}
