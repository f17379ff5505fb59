import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { accountKey, type Addressee, readAccountKey } from '../../kernel/account.js';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Past } from '../../log/past.js';
import type { Waits } from './account-waits.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import { WecomAccounts } from '../../wecom/calls/wecom-accounts.js';

/** An event or a call that is older says nothing of now. */
const HEARD_MS = 86_400_000;
const EXAMPLES_MAX = 5;
/** How long WeCom's lists are waited for. What they say later is in the next answer. */
const WECOM_LIMIT_MS = 1_000;
const SLICE = 1_000;

/** Accounts that events or calls named within 24 h, and that there are not: see `KnownAccounts`. */
export interface UnknownAccounts {
  readonly count: number;
  /** Some of them. */
  readonly examples: readonly Addressee[];
}

/** Tells accounts that there are from others that were named. */
@Injectable()
export class UnknownAccountCounts {
  constructor(
    private readonly known: KnownAccounts,
    private readonly past: Past,
    private readonly wecom: WecomAccounts,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /** Has WeCom's lists known of corps for whose accounts something came that are on none. @param keys of accounts. */
  async askFor(keys: ReadonlySet<string>, hints: Waits['hints']): Promise<void> {
    const corpIds = new Set<string>();
    let left = SLICE;
    for (const key of keys) {
      const account = readAccountKey(key);
      if (!corpIds.has(account.corpId) && this.#isUnlisted(account, hints)) corpIds.add(account.corpId);
      if (--left > 0) continue;
      left = SLICE;
      await nextTurn();
    }
    const asked = Promise.all([...corpIds].map((corpId) => this.wecom.lookUp(corpId)));
    await this.clock.within(WECOM_LIMIT_MS, asked);
  }

  /** @param named keys of accounts that there are not. */
  count(named: readonly string[], hints: Waits['hints']): UnknownAccounts {
    const sinceMs = this.storeClock.nowMs() - HEARD_MS;
    const keys = new Set(named.filter((key) => this.#heardAtMs(readAccountKey(key), hints) >= sinceMs));
    for (const account of this.known.deniedSince(sinceMs))
      if (this.known.has(account) === false) keys.add(accountKey(account));
    const examples = keys.values().take(EXAMPLES_MAX).map(readAccountKey);
    return { count: keys.size, examples: [...examples] };
  }

  /** Whether something came since the list of its corp was asked for, or there is no list. */
  #isUnlisted(account: Addressee, hints: Waits['hints']): boolean {
    if (this.known.has(account) === true) return false;
    return this.#heardAtMs(account, hints) > (this.known.listOf(account.corpId)?.askedAtMs ?? 0);
  }

  #heardAtMs(account: Addressee, hints: Waits['hints']): number {
    return Math.max(this.past.heardAtMs(account), hints?.get(accountKey(account))?.waitingSinceMs ?? 0);
  }
}
