import { Injectable } from '@nestjs/common';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import { EventQueue } from '../../queue/event-queue.js';
import { ResyncBudget, RESYNCS_OF_PATROL, RESYNCS_OF_PROBES } from '../../dispatch/later/resync-budget.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { Pulls } from '../queue/pulls.js';
import { isOpen } from '../../registry/bots/bot.js';
import { SyncTokens } from '../../registry/bots/sync-tokens.js';
import { type Look, Puller } from './puller.js';
import type { Addressee } from '../../kernel/account.js';
import { toResync } from '../../queue/kf-event.js';
import { toParcel } from '../../dispatch/endpoint/parcel.js';

/** What became of a pull that was wanted at once or not at all. */
export type LookResult =
  | Look
  /** It was pulled then, or is being pulled: an event told of it, or another replica looked. Store time. */
  | { readonly pulledAtMs: number }
  /** The corp has had its pulls of this minute. Store time. */
  | { readonly retryAtMs: number }
  /** The bot does not have the account any more. */
  | { readonly isGone: true };

/** Pulls accounts without an event, and so without a sync token: as often as the corp may, and only where nobody else does. */
@Injectable()
export class EventlessPulls {
  constructor(
    private readonly puller: Puller,
    private readonly destinations: Destinations,
    private readonly events: EventQueue,
    private readonly pulls: Pulls,
    private readonly budget: ResyncBudget,
    private readonly syncTokens: SyncTokens,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * @param sinceMs store time. If any replica has pulled the account since then, it is not pulled again: so replicas
   *   that see a change, or start together, pull it once. `null` to pull in any case.
   * @param isWanted is asked once the pull may begin, which may take minutes.
   * @returns `null` where it need not be pulled. @throws AppError `STORE_UNAVAILABLE`
   */
  async run(
    account: Addressee,
    botId: string,
    sinceMs: number | null,
    isWanted: () => boolean,
  ): Promise<AttemptResult | null> {
    if (await this.#isPulledSince(account, sinceMs)) return null;
    const hint = await this.events.find(account);
    // An event of it is on its way, with a sync token.
    if (hint?.state === 'waiting') return null;
    const grantedAtMs = await this.budget.whenGranted(account.corpId, RESYNCS_OF_PROBES);
    const to = this.destinations.find(account);
    const isStill = isWanted() && to.isPulled && to.bot?.id === botId;
    if (!isStill || (await this.#isPulledSince(account, sinceMs))) {
      await this.budget.giveBack(account.corpId, grantedAtMs);
      return null;
    }
    return this.puller.start(toParcel(toResync(account), 1), to, () => {}).result;
  }

  /** Whether a pull has a sync token although no event came: that of the last one, which this process saw. */
  hasToken({ corpId, openKfId }: Addressee): boolean {
    return this.syncTokens.find(corpId, openKfId) !== null;
  }

  /**
   * Pulls once, at once. With a sync token nothing is taken from the corp's few pulls without one.
   * @param sinceMs store time: an account that any replica has pulled since then is left alone.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async look(account: Addressee, botId: string, sinceMs: number): Promise<LookResult> {
    const pulledAtMs = await this.pulls.pulledAtMs(account);
    if (pulledAtMs > sinceMs) return { pulledAtMs };
    const nowMs = this.storeClock.nowMs();
    const hint = await this.events.find(account);
    if (hint?.state === 'waiting') return { pulledAtMs: nowMs };
    const isFree = this.hasToken(account);
    const { corpId } = account;
    const retryAtMs = isFree ? null : await this.budget.take(corpId, nowMs, RESYNCS_OF_PATROL);
    if (retryAtMs !== null) return { retryAtMs };
    const { bot, isPulled } = this.destinations.find(account);
    const isGone = bot === null || !isPulled || bot.id !== botId || !isOpen(bot);
    const look = isGone ? null : this.puller.look(account, bot);
    if (look !== null) return look;
    if (!isFree) await this.budget.giveBack(corpId, nowMs);
    return isGone ? { isGone } : { pulledAtMs: nowMs };
  }

  async #isPulledSince(account: Addressee, sinceMs: number | null): Promise<boolean> {
    return sinceMs !== null && (await this.pulls.pulledAtMs(account)) > sinceMs;
  }
}
