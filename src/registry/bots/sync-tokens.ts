import { hash as digest, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { KnownBots } from './known-bots.js';
import { accountKey, type Addressee } from '../../kernel/account.js';

/** WeCom accepts a sync token for 10 minutes (developer.work.weixin.qq.com/document/path/94670); this leaves time to use it. */
const GOOD_MS = 9 * 60_000;
/** 96 bits: nobody finds a token that has the same. */
const HASH_LENGTH = 16;
/** Each takes some 100 bytes. Of more than so many the older half is dropped; pulls with those get the newest one of their account. */
const GOOD_MAX = 100_000;
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

/** A token of an event, by its hash with its account: it opens nothing. Plain JSON. */
export interface GoodToken {
  readonly hash: string;
  /** For how long it is good from now on. */
  readonly leftMs: number;
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
 * The sync tokens that this process saw: of each account the newest, and of all that are good a hash. Tokens are kept only while
 * there are bots, whose pulls may need them. A token belongs to one app. While several apps send events of an account, nobody knows
 * whose token a pull would need, so none is given.
 */
@Injectable()
export class SyncTokens {
  readonly #seen = new Map<string, Seen>();
  /** By hash, until when, on the clock that never jumps. To delete one by one from a Map's begin would take 50 µs each. */
  #newer = new Map<string, number>();
  #newerSinceMs = -Infinity;
  #older: ReadonlyMap<string, number> = new Map();
  #tell: (token: GoodToken) => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly bots: KnownBots,
  ) {}

  /** @param tell is told of each new token, for other replicas and the next start. */
  whenSeen(tell: (token: GoodToken) => void): void {
    this.#tell = tell;
  }

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
    const good = { hash: hashOf(key, token), leftMs: GOOD_MS - lagMs };
    if (this.hear(good)) this.#tell(good);
  }

  /** Of another replica, or of a process before. @returns whether it was not known. */
  hear({ hash, leftMs }: GoodToken): boolean {
    if (leftMs <= 0 || this.#untilMs(hash) > 0) return false;
    const nowMs = this.clock.elapsedMs();
    if (this.#newer.size >= GOOD_MAX / 2 || nowMs - this.#newerSinceMs >= GOOD_MS) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#newerSinceMs = nowMs;
    }
    this.#newer.set(hash, nowMs + leftMs);
    return true;
  }

  /** Whether a token is known to be one of the account, and good. Another replica may know what this one does not. */
  isGood(account: Addressee, token: string): boolean {
    return this.clock.elapsedMs() < this.#untilMs(hashOf(accountKey(account), token));
  }

  /** 0 for none that is known. */
  #untilMs(hash: string): number {
    return this.#newer.get(hash) ?? this.#older.get(hash) ?? 0;
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

function hashOf(account: string, token: string): string {
  return digest('sha256', `${account}\n${token}`, 'base64url').slice(0, HASH_LENGTH);
}
