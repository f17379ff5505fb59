import type { TokenRecord } from './access-token.js';
import type { TokenOutcome } from './token-request.js';

/** A token is renewed 5 to 6 minutes before its end. The random minute spreads the renewals of many tokens. */
const RENEW_AHEAD_MS = 300_000;
const RENEW_JITTER_MS = 60_000;
/** When upstream gives a revoked token again, it counts as valid and is not revoked for this time. */
const INSISTED_MS = 60_000;

/** What this process knows about one secret, and its running inquiry. */
export class TokenSlot {
  #record: TokenRecord | null = null;
  #renewAtMs = 0;
  #insistedAtMs = Number.NEGATIVE_INFINITY;
  /** When this process last asked upstream, with any result; store time. */
  askedAtMs = Number.NEGATIVE_INFINITY;
  /** When the store was last read, store time. */
  loadedAtMs = Number.NEGATIVE_INFINITY;
  /** The running inquiry. All callers that need the token wait for it. */
  flight: Promise<TokenOutcome> | null = null;
  /** The running read of the store. */
  loading: Promise<void> | null = null;

  constructor(
    readonly secretId: string,
    readonly corpId: string,
  ) {}

  get record(): TokenRecord | null {
    return this.#record;
  }

  /** When upstream was last asked by this process, or last answered any process; store time. */
  get lastAskedMs(): number {
    return Math.max(this.askedAtMs, this.#record?.answeredAtMs ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether the token ends soon and should be replaced. */
  isDueForRenewal(nowMs: number): boolean {
    return nowMs >= this.#renewAtMs;
  }

  /** Takes over the stored record. A token that is revoked here stays revoked, also when the store does not know it yet. */
  adopt(record: TokenRecord): void {
    const own = this.#record;
    if (own !== null && own.answeredAtMs > record.answeredAtMs) return;
    const { token } = record;
    const isRevokedHere =
      token !== null &&
      own?.token?.id === token.id &&
      own.token.isRevoked &&
      own.answeredAtMs === record.answeredAtMs;
    this.#set(isRevokedHere ? { ...record, token: { ...token, isRevoked: true } } : record);
  }

  /** Takes over upstream's newest answer. */
  learn(record: TokenRecord): void {
    const { token: before } = this.#record ?? { token: null };
    if (before?.isRevoked === true && before.id === record.token?.id) {
      this.#insistedAtMs = record.answeredAtMs;
    }
    this.#set(record);
  }

  /** @returns false when there is nothing to revoke, or upstream has just given the revoked token again. */
  revoke(tokenId: string, nowMs: number): boolean {
    const record = this.#record;
    const token = record?.token ?? null;
    if (record === null || token === null || token.id !== tokenId || token.isRevoked) return false;
    if (nowMs - this.#insistedAtMs < INSISTED_MS) return false;
    this.#record = { ...record, token: { ...token, isRevoked: true } };
    return true;
  }

  #set(record: TokenRecord): void {
    if (record.token !== null && record.token.id !== this.#record?.token?.id) {
      this.#renewAtMs = record.token.expiresAtMs - RENEW_AHEAD_MS - Math.random() * RENEW_JITTER_MS;
    }
    this.#record = record;
  }
}
