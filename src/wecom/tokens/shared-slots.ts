import { withinDeadline } from '../../kernel/deadline.js';
import type { Log } from '../../kernel/log.js';
import { newLru } from '../../kernel/lru.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import { ERRCODE } from '../client/wecom-answer.js';
import type { TokenRecord } from './access-token.js';
import type { AccessTokenStore, TokenLease } from './access-token.store.js';
import { TokenSlot } from './token-slot.js';

/** A limit, since callers can make up secrets. A real secret that is pushed out is still in the store. */
const SLOTS_MAX = 10_000;
const OWNERS_MAX = 50_000;
/** How long an unknown token is remembered as such. Another process may give it out meanwhile. */
const STRANGER_MS = 10_000;
/** How old the read of the store may be. Another process may have revoked a token meanwhile. */
const LOADED_MS = 2_000;
/** How long to wait for the store. After that, tokens work without it. */
const STORE_LIMIT_MS = 600;

/** What this process knows about secrets and tokens. The store shares it with other processes. */
export class SharedSlots {
  readonly #slots = newLru<TokenSlot>(SLOTS_MAX);
  /** Slots by the ids of their current and former tokens. */
  readonly #owners = newLru<TokenSlot>(OWNERS_MAX);
  /** Tokens that the store did not know when it was asked. */
  readonly #strangers = newLru<true>(SLOTS_MAX, STRANGER_MS);
  /** Until when WeCom must not be asked about a corp, store time. */
  readonly #pausedUntilMs = newLru<number>(SLOTS_MAX);
  readonly #asked = new BackgroundWork();

  constructor(
    private readonly store: AccessTokenStore,
    private readonly storeClock: StoreClock,
    private readonly log: Log,
  ) {}

  of(secretId: string, corpId: string): TokenSlot {
    let slot = this.#slots.get(secretId);
    if (slot === undefined) {
      slot = new TokenSlot(secretId, corpId);
      this.#slots.set(secretId, slot);
    }
    return slot;
  }

  /** Whether another process may have stored something newer. */
  isOutdated({ loadedAtMs }: TokenSlot): boolean {
    return this.store.isShared && this.storeClock.nowMs() - loadedAtMs > LOADED_MS;
  }

  /** Reads the slot's record from the store. */
  async load(slot: TokenSlot): Promise<void> {
    slot.loadedAtMs = this.storeClock.nowMs();
    slot.loading ??= this.#inStore('find', () => this.store.find(slot.secretId))
      .then((record) => this.#adopt(slot, record ?? null))
      .finally(() => {
        slot.loading = null;
      });
    await slot.loading;
  }

  /**
   * The slot whose current or former token it is; `null` when no process gave the token out, `undefined` when the store does not
   * answer.
   */
  async findOwner(tokenId: string): Promise<TokenSlot | null | undefined> {
    const known = this.#owners.get(tokenId) ?? null;
    if (known !== null || this.#strangers.has(tokenId)) return known;
    const record = await this.#inStore('find by token', () => this.store.findByTokenId(tokenId));
    if (record === null) this.#strangers.set(tokenId, true);
    if (!record) return record;
    const slot = this.of(record.secretId, record.corpId);
    this.#adopt(slot, record);
    this.#owners.set(tokenId, slot);
    return slot;
  }

  /**
   * Stores upstream's answer.
   * @param leaseId `null` when the store failed and gave no lease.
   */
  async learn(slot: TokenSlot, record: TokenRecord, leaseId: string | null): Promise<void> {
    slot.learn(record);
    this.#note(slot);
    if (leaseId !== null) await this.#inStore('save', () => this.store.save(record, leaseId));
  }

  async revoke(slot: TokenSlot, tokenId: string): Promise<boolean> {
    if (!slot.revoke(tokenId, this.storeClock.nowMs())) return false;
    await this.#inStore('revoke', () => this.store.revoke(slot.secretId, tokenId));
    return true;
  }

  /**
   * Takes the lease and reads the stored record, also when another process holds the lease.
   * @returns `null` when the store does not answer.
   */
  async lease(slot: TokenSlot, leaseId: string, leaseMs: number): Promise<TokenLease | null> {
    const lease = await this.#inStore('lease', () =>
      this.store.lease(slot, leaseId, this.storeClock.nowMs(), leaseMs),
    );
    if (lease) this.#adopt(slot, lease.record);
    return lease ?? null;
  }

  async release(slot: TokenSlot, leaseId: string | null): Promise<void> {
    if (leaseId !== null) await this.#inStore('release', () => this.store.release(slot.secretId, leaseId));
  }

  /** Seconds until WeCom may be asked again for a token of the corp; 0 when it may be asked now. */
  pauseS(corpId: string): number {
    const waitMs = (this.#pausedUntilMs.get(corpId) ?? 0) - this.storeClock.nowMs();
    return Math.max(0, Math.ceil(waitMs / 1_000));
  }

  #adopt(slot: TokenSlot, record: TokenRecord | null): void {
    if (record === null) return;
    slot.adopt(record);
    this.#note(slot);
  }

  #note(slot: TokenSlot): void {
    const { token, refusal } = slot.record ?? { token: null, refusal: null };
    if (token !== null) this.#owners.set(token.id, slot);
    if (refusal?.errcode === ERRCODE.tooFrequent) this.#pausedUntilMs.set(slot.corpId, refusal.untilMs);
  }

  /** Resolves when no request to the store is running, also none whose answer came too late. */
  async whenWritten(): Promise<void> {
    await this.#asked.whenOver();
  }

  /** @returns `null` when the store has nothing, `undefined` when it fails or does not answer in time. */
  async #inStore<T>(what: string, ask: () => Promise<T | null>): Promise<T | null | undefined> {
    try {
      return await withinDeadline(STORE_LIMIT_MS, `token ${what}`, this.#asked.add(ask()));
    } catch (err) {
      this.log.warn({ what, err }, 'token.store_failed');
      return undefined;
    }
  }
}
