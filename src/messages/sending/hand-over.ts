import { Injectable } from '@nestjs/common';
import { HintKeeper } from '../../dispatch/later/hint-keeper.js';
import { WaitingHints } from '../../dispatch/later/waiting-hints.js';
import { SYNC_TOKEN_LIFE_MS } from '../../queue/retry-schedule.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { EarlierCursors } from './earlier-cursors.js';
import { MessageMetrics } from './message-metrics.js';
import { type Turn } from '../../queue/message-queue.js';
import { Pulls } from '../queue/pulls.js';
import { toResync } from '../../queue/kf-event.js';

/**
 * Leaves an account's waiting messages to a recipient that pulls by itself. It gets one event for all, and its
 * pull begins with the first.
 */
@Injectable()
export class HandOver {
  constructor(
    private readonly cursors: EarlierCursors,
    private readonly pulls: Pulls,
    private readonly keeper: HintKeeper,
    private readonly waiting: WaitingHints,
    private readonly metrics: MessageMetrics,
    private readonly storeClock: StoreClock,
  ) {}

  /** @throws AppError `STORE_UNAVAILABLE` */
  async asEvent(turn: Turn, destination: Destination, endpoint: string): Promise<void> {
    const before = await this.cursors.find(turn, destination);
    const nowMs = this.storeClock.nowMs();
    await this.keeper.keep({
      // Its sync token counts as expired, so that the pull takes a place in the corp's limit of pulls without a token.
      event: { ...toResync(turn), lagMs: SYNC_TOKEN_LIFE_MS },
      keepsEach: destination.getsEach,
      isFirst: () => false,
      keysId: null,
      arrivedAtMs: nowMs,
      attempts: 0,
      step: 0,
      dueAtMs: nowMs,
      endpoint,
      failure: null,
      lease: null,
    });
    this.waiting.kept.added.wakeUp();
    this.metrics.handedOver(await this.pulls.handOver(turn, nowMs, before));
  }
}
