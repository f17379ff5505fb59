import { Inject, Injectable } from '@nestjs/common';
import { SYNC_TOKEN_LIFE_MS } from '../queue/retry-schedule.js';
import { Clock } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { StoreClock } from '../kernel/store-clock.js';

/** How far a `CreateTime` may be ahead of our clock. A clock that follows NTP is never so wrong. */
const AHEAD_MAX_MS = SYNC_TOKEN_LIFE_MS;
const TOLD_EVERY_MS = 60_000;

/** What the `CreateTime` of an event says. */
export interface EventTime {
  /** `null` for an event without `CreateTime`, or with an impossible one. */
  readonly createdAtS: number | null;
  /** How far the event is behind the newest one of its corp, in milliseconds; at most 10 minutes. */
  readonly lagMs: number;
}

/**
 * Remembers the newest `CreateTime` of each corp, so that an event that was on its way for long is known to be old
 * when it comes in. Its age is measured by WeCom's times alone, since WeCom's clock is not ours.
 */
@Injectable()
export class CorpTime {
  /** Seconds, by corp. Has one entry per corp with keys. */
  readonly #newest = new Map<string, number>();
  #toldAtMs: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Ignores a `CreateTime` far ahead of our clock: it would make all later events of the corp look old. The event is delivered
   * all the same, since it may be our clock that is wrong.
   * @param isTrusted whether the signer of the event is proven. An unproven one could make all events of the corp
   * look old.
   */
  timeOf(corpId: string, createdAtS: number | null, isTrusted: boolean): EventTime {
    if (createdAtS === null) return { createdAtS, lagMs: 0 };
    const aheadMs = createdAtS * 1_000 - this.clock.nowMs();
    if (aheadMs > AHEAD_MAX_MS) {
      this.#tell(corpId, aheadMs);
      return { createdAtS: null, lagMs: 0 };
    }
    const newestS = this.#newest.get(corpId) ?? 0;
    if (createdAtS < newestS) {
      return { createdAtS, lagMs: Math.min((newestS - createdAtS) * 1_000, SYNC_TOKEN_LIFE_MS) };
    }
    if (isTrusted) {
      this.#newest.set(corpId, createdAtS);
      this.storeClock.confirm?.(createdAtS * 1_000);
    }
    return { createdAtS, lagMs: 0 };
  }

  #tell(corpId: string, aheadMs: number): void {
    const nowMs = this.clock.elapsedMs();
    if (this.#toldAtMs !== null && nowMs - this.#toldAtMs < TOLD_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    this.log.warn({ corpId, aheadS: Math.round(aheadMs / 1_000) }, 'callback.create_time_ahead');
  }
}
