import type { TokenRecord } from './access-token.js';
import type { TokenOutcome } from './token-outcome.js';

/** 5 minutes before its end, and up to one more, so that the tokens of many do not end in one moment. */
const RENEW_AHEAD_MS = 300_000;
const RENEW_JITTER_MS = 60_000;
/** Upstream that gives a token once more of which a call said that it is no good is believed for so long. */
const INSISTED_MS = 60_000;

/** One process's knowledge of one secret, and its running question. */
export class TokenSlot {
  #record: TokenRecord | null = null;
  #renewAtMs = 0;
  #insistedAtMs = Number.NEGATIVE_INFINITY;
  /** When this process last asked upstream, whatever the result, store time. */
  askedAtMs = Number.NEGATIVE_INFINITY;
  /** When the store was last asked what it knows, store time. */
  loadedAtMs = Number.NEGATIVE_INFINITY;
  /** The running question; all callers with the same question wait for it. */
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

  /** When upstream answered or was asked, here or elsewhere. */
  get lastAskedMs(): number {
    return Math.max(this.askedAtMs, this.#record?.answeredAtMs ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether the token ends soon. */
  isDueForRenewal(nowMs: number): boolean {
    return nowMs >= this.#renewAtMs;
  }

  /** Takes over what is known elsewhere; what was revoked here and not yet there stays so. */
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

  /** Takes over what upstream has just said. */
  learn(record: TokenRecord): void {
    const { token: before } = this.#record ?? { token: null };
    if (before?.isRevoked === true && before.id === record.token?.id) {
      this.#insistedAtMs = record.answeredAtMs;
    }
    this.#set(record);
  }

  /** @returns false where there is nothing to revoke, or upstream has just insisted that it is good. */
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
