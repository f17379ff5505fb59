import { Injectable } from '@nestjs/common';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import { WaitingHints } from '../../dispatch/outbox/waiting-hints.js';
import { RESYNCS_OF_PROBES, resyncsOf } from '../../dispatch/redelivery/resync-budget.js';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { Counters } from '../../storage/counters/counters.js';
import { MessageStore } from '../queue/message-store.js';
import { Puller } from './puller.js';
import { type Addressee, accountKey } from '../../kernel/account.js';
import { toResync } from '../../dispatch/endpoint/kf-event.js';

/** Pulls accounts without an event, and so without a sync token: as often as the corp may, and only where nobody else does. */
@Injectable()
export class EventlessPulls {
  constructor(
    private readonly puller: Puller,
    private readonly destinations: Destinations,
    private readonly waiting: WaitingHints,
    private readonly store: MessageStore,
    private readonly counters: Counters,
    private readonly clock: Clock,
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
    const hint = await this.waiting.kept.outbox.find(accountKey(account));
    // An event of it is on its way, with a sync token.
    if (hint?.state === 'waiting') return null;
    const grantedAtMs = await this.#whenGranted(account.corpId);
    const { bot, isPulled } = this.destinations.find(account);
    const isStill = isWanted() && isPulled && bot?.id === botId;
    if (!isStill || (await this.#isPulledSince(account, sinceMs))) {
      await this.counters.giveBack(resyncsOf(account.corpId), grantedAtMs);
      return null;
    }
    return this.puller.start({ ...account, bot }, toResync(account), () => {}).result;
  }

  async #isPulledSince(account: Addressee, sinceMs: number | null): Promise<boolean> {
    return sinceMs !== null && (await this.store.pulledAtMs(account)) > sinceMs;
  }

  /** @returns when it was granted, store time. */
  async #whenGranted(corpId: string): Promise<number> {
    for (;;) {
      const nowMs = this.storeClock.nowMs();
      const { retryAtMs } = await this.counters.take(resyncsOf(corpId, RESYNCS_OF_PROBES), nowMs);
      if (retryAtMs === null) return nowMs;
      await this.clock.sleep(Math.max(1, retryAtMs - nowMs));
    }
  }
}
