import { Injectable } from '@nestjs/common';
import { HintKeeper } from '../../dispatch/outbox/hint-keeper.js';
import { toResync } from '../../dispatch/outbox/hint.js';
import { WaitingHints } from '../../dispatch/outbox/waiting-hints.js';
import { Clock } from '../../kernel/clock.js';
import { SYNC_TOKEN_LIFE_MS } from '../../dispatch/redelivery/retry-schedule.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { SyncTokens } from '../../registry/bots/sync-tokens.js';
import { type Destination, Destinations, type MessageTaker } from '../../registry/destination.js';
import type { Endpoint } from '../../registry/endpoint/endpoint.js';
import { KfSync, PAGE_SIZE } from '../../wecom/kf-sync.js';
import { MessageMetrics } from '../message-metrics.js';
import { type CursorBefore, MessageStore, type Turn } from '../message-store.js';

const LOOK_AGAIN_FIRST_MS = 10;
const LOOK_AGAIN_LAST_MS = 2_560;

/** Messages can be sent to it now. */
export type ReadyTaker = MessageTaker & { readonly endpoint: Endpoint };

/** Who takes the messages of an account now; what waits of one that nobody takes by message goes on in another form. */
@Injectable()
export class Takers {
  constructor(
    private readonly destinations: Destinations,
    private readonly store: MessageStore,
    private readonly keeper: HintKeeper,
    private readonly waiting: WaitingHints,
    private readonly sync: KfSync,
    private readonly syncTokens: SyncTokens,
    private readonly metrics: MessageMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * @returns `null` when nothing can be sent now; the turn is over then.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async find(turn: Turn): Promise<ReadyTaker | null> {
    const taker = await this.#whenRegistered(turn);
    if (taker === null) return this.#passOn(turn);
    const { endpoint, state } = taker;
    if (endpoint !== null && state === 'ready') return { ...taker, endpoint };
    // Its registration, or the patrol, wakes it.
    await this.store.release(turn, null, taker.bot.order, this.storeClock.nowMs());
    return null;
  }

  /** A registration that is under way is answered within milliseconds. */
  async #whenRegistered(turn: Turn): Promise<MessageTaker | null> {
    let taker = this.destinations.findMessageTaker(turn);
    for (let pauseMs = LOOK_AGAIN_FIRST_MS; taker?.state === 'registering'; pauseMs *= 2) {
      if (pauseMs > LOOK_AGAIN_LAST_MS) break;
      await this.clock.sleep(pauseMs);
      taker = this.destinations.findMessageTaker(turn);
    }
    return taker;
  }

  /** What waits goes to another taker as one event; while there is none it waits. */
  async #passOn(turn: Turn): Promise<ReadyTaker | null> {
    const nowMs = this.storeClock.nowMs();
    const destination = await this.destinations.confirm(turn);
    const { endpoint, state } = destination;
    // Another process has made the bot a moment ago.
    if (destination.isPulled) return this.find(turn);
    if (endpoint === null && state !== 'unserved') {
      await this.store.release(turn, null, 'account', nowMs);
      return null;
    }
    if (endpoint === null) await this.store.discard(turn, nowMs);
    else {
      const before = await this.#cursorBefore(turn, destination);
      await this.keeper.keep({
        // Its token counts as over, since such pulls are limited.
        event: { ...toResync(turn), lagMs: SYNC_TOKEN_LIFE_MS },
        isFirst: () => false,
        keysId: null,
        arrivedAtMs: nowMs,
        attempts: 0,
        step: 0,
        dueAtMs: nowMs,
        endpoint: endpoint.href,
        failure: null,
        lease: null,
      });
      this.waiting.kept.wakeUp();
      this.metrics.handedOver(await this.store.handOver(turn, nowMs, before));
    }
    await this.store.release({ ...turn, isInDoubt: false }, null, 'account', nowMs);
    return null;
  }

  /**
   * The page of the first message that waits may begin with some that were taken: WeCom is asked for just those, and says where
   * they end. Where that cannot be had, they come again.
   */
  async #cursorBefore(
    { corpId, openKfId }: Turn,
    { bot, puppet }: Destination,
  ): Promise<CursorBefore | null> {
    const filter = { states: ['waiting'], corpId, openKfId } as const;
    const { messages } = await this.store.list(filter, null, PAGE_SIZE);
    const [first] = messages;
    const corpSecret = bot?.opened?.corpSecret ?? puppet?.corpSecret ?? null;
    if (first === undefined || first.skip === 0 || corpSecret === null) return null;
    const { cursor, appId } = first.page;
    if (secretIdOf(corpId, corpSecret) !== appId) return null;
    const syncToken = this.syncTokens.find(corpId, openKfId) ?? '';
    const asked = { corpId, openKfId, corpSecret, botId: bot?.id ?? '', syncToken, cursor, trace: null };
    const page = await this.sync.pull({ ...asked, limit: first.skip }).catch(() => null);
    if (page === null || !('entries' in page) || page.cursor === '') return null;
    const waiting = new Set<unknown>(messages.map(({ msgid }) => msgid));
    const isBefore = page.entries.every(({ msgid }) => typeof msgid === 'string' && !waiting.has(msgid));
    return isBefore ? { msgid: first.msgid, cursor: page.cursor } : null;
  }
}
