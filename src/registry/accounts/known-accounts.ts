import { Injectable } from '@nestjs/common';
import type { Addressee } from '../../kernel/account.js';
import { newLru } from '../../kernel/lru.js';
import { OwnedMap } from '../../kernel/owned-map.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { KnownBots } from '../bots/known-bots.js';
import { RegistryImage } from '../puppets/registry-image.js';

/** As many accounts as a corp may have (developer.work.weixin.qq.com/document/path/94661). */
const OF_CORP_MAX = 5_000;
/** A caller can name any: see `denied`. */
const DENIED_OF_CORP_MAX = 10_000;
const ACCOUNTS_MAX = 100_000;
const CORPS_MAX = 1_000;

/** WeCom's list of a corp's accounts. */
export interface AccountNames {
  /** By the account's id. */
  readonly names: ReadonlyMap<string, string>;
  /** Store time. */
  readonly askedAtMs: number;
  /** Whether it has all accounts: a very long list is not read to its end. */
  readonly isWhole: boolean;
}

/**
 * Which accounts there are: those that a puppet has registered or a bot names, and those that WeCom has, by its list or by its
 * answer to a call about the account; what WeCom said last counts. Callers and signed events can name any other. It is asked by
 * whoever counts, remembers or judges accounts, and never before something is delivered. In memory, of this process.
 */
@Injectable()
export class KnownAccounts {
  /** By corp. */
  readonly #lists = newLru<AccountNames>(CORPS_MAX);
  /** When WeCom last did what a call about the account asked, and when it last said that there is none. Store time, by corp. */
  readonly #served = new OwnedMap<number>(OF_CORP_MAX, ACCOUNTS_MAX);
  readonly #denied = new OwnedMap<number>(DENIED_OF_CORP_MAX, ACCOUNTS_MAX);

  constructor(
    private readonly image: RegistryImage,
    private readonly bots: KnownBots,
    private readonly storeClock: StoreClock,
  ) {}

  /** `null` where nobody has said: WeCom's list is not known yet, or cannot be. */
  has({ corpId, openKfId }: Addressee): boolean | null {
    if (this.image.findPuppet(openKfId)?.corpId === corpId) return true;
    if (this.bots.findListed(corpId, openKfId) !== null) return true;
    const list = this.#lists.get(corpId);
    const isListed = list?.names.has(openKfId) === true;
    const servedAtMs = this.#served.get(corpId, openKfId) ?? 0;
    const deniedAtMs = this.#denied.get(corpId, openKfId) ?? 0;
    const listedAtMs = list !== undefined && (isListed || list.isWhole) ? list.askedAtMs : 0;
    const newestMs = Math.max(servedAtMs, deniedAtMs, listedAtMs);
    if (newestMs === 0) return null;
    if (servedAtMs === newestMs) return true;
    return listedAtMs === newestMs && isListed;
  }

  /** WeCom has answered with its list. */
  listed(corpId: string, list: AccountNames): void {
    this.#lists.set(corpId, list);
  }

  /** WeCom has answered a call about the account. @param isThere false where it said that there is no such account. */
  answered({ corpId, openKfId }: Addressee, isThere: boolean): void {
    (isThere ? this.#served : this.#denied).set(corpId, openKfId, this.storeClock.nowMs());
  }

  /** WeCom's last list of the corp; `null` where it is not known. */
  listOf(corpId: string): AccountNames | null {
    return this.#lists.get(corpId) ?? null;
  }

  /** By corp. */
  lists(): ReadonlyMap<string, AccountNames> {
    return new Map(this.#lists.entries());
  }

  /** Accounts of which WeCom has said since then that there are none. Scans all. @param sinceMs store time. */
  *deniedSince(sinceMs: number): Generator<Addressee> {
    for (const [corpId, openKfId, atMs] of this.#denied.entries())
      if (atMs >= sinceMs) yield { corpId, openKfId };
  }
}
