import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { KnownBots } from './known-bots.js';
import { accountKey } from '../../kernel/account.js';

/** WeCom accepts a sync token for 10 minutes (developer.work.weixin.qq.com/document/path/94670); this leaves time to use it. */
const GOOD_MS = 9 * 60_000;
/** Each takes some 300 bytes. When there are more, the account whose last token is the oldest is dropped. */
const ACCOUNTS_MAX = 20_000;
/** WeCom's tokens begin with ENC, and some programs look for that. */
const MADE = 'ENCwxkf-manager-';

/**
 * Makes a token that stands in for a sync token. The manager removes it from a pull that passes through it.
 * @param openKfId written into the token, if the manager has to know the account of such a pull.
 */
export function makeSyncToken(openKfId?: string): string {
  const random = randomBytes(24).toString('base64url');
  return openKfId === undefined
    ? MADE + random
    : `${MADE}${Buffer.from(openKfId).toString('base64url')}.${random}`;
}

/** The account that a token was made for; `null` for any other token. */
export function accountOfMadeSyncToken(token: unknown): string | null {
  if (typeof token !== 'string' || !token.startsWith(MADE)) return null;
  const [account, random] = token.slice(MADE.length).split('.');
  return random === undefined ? null : Buffer.from(account ?? '', 'base64url').toString();
}

export function isMadeSyncToken(token: unknown): boolean {
  return typeof token === 'string' && token.startsWith(MADE);
}

interface Seen {
  /** Identifies the keys of the app that the token came with. */
  readonly keysId: string;
  readonly token: string;
  /** On the clock that never jumps. */
  readonly untilMs: number;
  /** Until then a token of another app is valid, too; on the same clock. */
  readonly sharedUntilMs: number;
}

/**
 * The newest sync token of each account that this process saw. Tokens are kept only while there are bots, whose pulls may need
 * them. A token belongs to one app. While several apps send events of an account, nobody knows whose token a pull would need, so
 * none is given.
 */
@Injectable()
export class SyncTokens {
  readonly #seen = new Map<string, Seen>();

  constructor(
    private readonly clock: Clock,
    private readonly bots: KnownBots,
  ) {}

  /** @param lagMs how late the event came, as in `KfEvent`. */
  note(corpId: string, openKfId: string, keysId: string, token: string, lagMs: number): void {
    if (this.bots.size === 0 || token === '' || lagMs >= GOOD_MS) return;
    const key = accountKey({ corpId, openKfId });
    const before = this.#seen.get(key);
    const isOfOther = before !== undefined && before.keysId !== keysId;
    const sharedUntilMs = isOfOther ? before.untilMs : (before?.sharedUntilMs ?? 0);
    this.#seen.delete(key);
    this.#seen.set(key, {
      keysId,
      token,
      untilMs: this.clock.elapsedMs() + GOOD_MS - lagMs,
      sharedUntilMs,
    });
    const [first] = this.#seen.size > ACCOUNTS_MAX ? this.#seen.keys() : [];
    if (first !== undefined) this.#seen.delete(first);
  }

  /** @returns `null` when no valid token of the account is known. */
  find(corpId: string, openKfId: string): string | null {
    const seen = this.#seen.get(accountKey({ corpId, openKfId }));
    const nowMs = this.clock.elapsedMs();
    return seen === undefined || nowMs < seen.sharedUntilMs || nowMs >= seen.untilMs ? null : seen.token;
  }

  /** The newest token of the account, of whichever app, even if it is no longer valid. */
  findNewest(corpId: string, openKfId: string): string | null {
    return this.#seen.get(accountKey({ corpId, openKfId }))?.token ?? null;
  }
}
