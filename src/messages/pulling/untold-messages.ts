import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { Pulls } from '../queue/pulls.js';
import { MessageMetrics } from '../sending/message-metrics.js';
import { PATROL_TIMES } from './patrol-times.js';
import type { WatchedAccount } from './patrol-turns.js';
import type { CameIn } from './page-keeper.js';

/** Customers' messages that a pull without an event has found. */
export interface FoundMessages extends WatchedAccount {
  readonly found: CameIn;
  /** When the pull began, store time. */
  readonly beganAtMs: number;
  /** How late such a message may come. */
  readonly lateMs: number;
}

/** Counts customers' messages of which no event tells in time. */
@Injectable()
export class UntoldMessages implements OnApplicationShutdown {
  readonly #timers = new Set<Timer>();

  constructor(
    private readonly states: Pulls,
    private readonly arrivals: Arrivals,
    private readonly metrics: MessageMetrics,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationShutdown(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  /** Judges them when an event may have come. Call it when the pull has ended. @throws AppError `STORE_UNAVAILABLE` */
  async judgeLater(messages: FoundMessages): Promise<void> {
    const pulledAtMs = await this.states.pulledAtMs(messages);
    const timer = this.clock.after(PATROL_TIMES.settleMs, () => {
      this.#timers.delete(timer);
      void this.#judge(messages, pulledAtMs);
    });
    this.#timers.add(timer);
  }

  /** @param pulledAtMs as the store has it of the pull that found them. */
  async #judge(messages: FoundMessages, pulledAtMs: number): Promise<void> {
    // A store that does not tell leaves it open, and what is open is not counted.
    const isTold = await this.#isTold(messages, pulledAtMs).catch(() => true);
    if (isTold) return;
    const { corpId, openKfId, botId, found, lateMs } = messages;
    this.metrics.untold(found.customers);
    this.arrivals.untold(corpId, botId, pulledAtMs, lateMs);
    this.log.warn({ corpId, openKfId, bot: botId, messages: found.customers }, 'message.untold');
  }

  /** Whether an event may have told of them, to this process or to another replica, which then has pulled once more. */
  async #isTold(messages: FoundMessages, pulledAtMs: number): Promise<boolean> {
    const { found, beganAtMs } = messages;
    // Before, nobody may have been there to be told.
    if (found.firstSentAtMs < this.arrivals.sinceMs) return true;
    // One that came just before may not have led to its pull yet.
    if (this.arrivals.lastOf(messages) > beganAtMs - PATROL_TIMES.lateQuietMs / 2) return true;
    return (await this.states.pulledAtMs(messages)) !== pulledAtMs;
  }
}
