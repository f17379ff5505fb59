import { Injectable } from '@nestjs/common';
import { HintKeeper } from '../../dispatch/later/hint-keeper.js';
import { WaitingHints } from '../../dispatch/later/waiting-hints.js';
import { SYNC_TOKEN_LIFE_MS } from '../../queue/retry-schedule.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { SyncTokens } from '../../registry/bots/sync-tokens.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { KfSync, PAGE_SIZE } from '../../wecom/calls/kf-sync.js';
import { MessageMetrics } from './message-metrics.js';
import { MessageQueue, type Turn } from '../../queue/message-queue.js';
import { Pulls } from '../queue/pulls.js';
import type { CursorBefore } from '../queue/pull-state.js';
import { toResync } from '../../queue/kf-event.js';

/**
 * Leaves an account's waiting messages to a taker that pulls by itself. It gets one event for all, and its
 * pull begins with the first.
 */
@Injectable()
export class HandOver {
  constructor(
    private readonly queue: MessageQueue,
    private readonly pulls: Pulls,
    private readonly sync: KfSync,
    private readonly syncTokens: SyncTokens,
    private readonly keeper: HintKeeper,
    private readonly waiting: WaitingHints,
    private readonly metrics: MessageMetrics,
    private readonly storeClock: StoreClock,
  ) {}

  /** @throws AppError `STORE_UNAVAILABLE` */
  async asEvent(turn: Turn, destination: Destination, endpoint: string): Promise<void> {
    const before = await this.#cursorBefore(turn, destination);
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

  /**
   * The page of the first waiting message may begin with messages that were taken. WeCom is asked for just those, and
   * its answer has the cursor at which they end.
   * @returns `null` where there are none, or where no such cursor was found: then the taker gets them again.
   */
  async #cursorBefore(
    { corpId, openKfId }: Turn,
    { bot, puppet }: Destination,
  ): Promise<CursorBefore | null> {
    const account = { corpId, openKfId };
    const first = await this.queue.findEarliest(account);
    const corpSecret = bot?.secrets?.corpSecret ?? puppet?.corpSecret ?? null;
    if (first === null || first.skip === 0 || corpSecret === null) return null;
    const { cursor, appId } = first.page;
    if (secretIdOf(corpId, corpSecret) !== appId) return null;
    const syncToken = this.syncTokens.find(corpId, openKfId) ?? '';
    const asked = { corpId, openKfId, corpSecret, botId: bot?.id ?? '', syncToken, cursor, trace: null };
    const page = await this.sync.pull({ ...asked, limit: first.skip }).catch(() => null);
    if (page === null || !('entries' in page) || page.cursor === '') return null;
    const { messages } = await this.queue.list({ states: ['waiting'], ...account }, null, PAGE_SIZE);
    const waiting = new Set<unknown>(messages.map(({ msgid }) => msgid));
    const isBefore = page.entries.every(({ msgid }) => typeof msgid === 'string' && !waiting.has(msgid));
    return isBefore ? { msgid: first.msgid, cursor: page.cursor } : null;
  }
}
