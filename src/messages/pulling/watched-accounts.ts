import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { readAccountKey } from '../../kernel/account.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import { isOpen, listedIn, takesAllOthers } from '../../registry/bots/bot.js';
import { type KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import { WecomAccounts } from '../../wecom/calls/wecom-accounts.js';
import { Coverage } from './coverage.js';
import type { WatchedAccount } from './patrol-turns.js';

const AT_ONCE = 1_000;

/** The accounts whose messages bots take, as far as they are known. */
@Injectable()
export class WatchedAccounts {
  constructor(
    private readonly bots: KnownBots,
    private readonly destinations: Destinations,
    private readonly coverage: Coverage,
    private readonly known: KnownAccounts,
    private readonly wecom: WecomAccounts,
  ) {}

  /** It could not be pulled: if it is gone, WeCom's list says so, whatever WeCom answered. */
  lookFailed({ corpId, botId }: WatchedAccount): void {
    const bot = this.bots.find(botId);
    if (bot !== null && takesAllOthers(bot)) void this.wecom.lookUp(corpId);
  }

  /** By corp. */
  async find(): Promise<ReadonlyMap<string, readonly WatchedAccount[]>> {
    const taking = this.bots.list().filter((bot) => bot.takes === 'message' && isOpen(bot));
    const listed = taking.flatMap((bot) => listedIn(bot).map((openKfId) => toWatched(bot, openKfId)));
    return Map.groupBy([...listed, ...(await this.#ofOthers(taking))], ({ corpId }) => corpId);
  }

  /**
   * The accounts of bots that take all others, as far as they were pulled before and WeCom has not said that they are gone: no list of
   * the manager's has the rest.
   */
  async #ofOthers(taking: readonly KnownBot[]): Promise<readonly WatchedAccount[]> {
    const corpIds = new Set(taking.filter(takesAllOthers).map(({ corpId }) => corpId));
    if (corpIds.size === 0) return [];
    const watched: WatchedAccount[] = [];
    for (const [n, key] of [...this.coverage.keys()].entries()) {
      // Others have their turn: there may be a hundred thousand.
      if (n % AT_ONCE === AT_ONCE - 1) await nextTurn();
      const account = readAccountKey(key);
      if (!corpIds.has(account.corpId) || this.known.has(account) === false) continue;
      const { bot, isPulled } = this.destinations.find(account);
      if (bot !== null && isPulled && takesAllOthers(bot)) watched.push(toWatched(bot, account.openKfId));
    }
    return watched;
  }
}

function toWatched({ corpId, id: botId }: KnownBot, openKfId: string): WatchedAccount {
  return { corpId, openKfId, botId };
}
