import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { type CallLimit, CallQuota } from '../wecom/proxy/call-quota.js';

/**
 * The calls of this process alone, forgotten with it. A window begins with the first call of its key, and the
 * limiter's own timer drops it when it ends.
 */
@Injectable()
export class LocalCallQuota extends CallQuota {
  /** By the name of their limit. */
  readonly #limiters = new Map<string, RateLimiterMemory>();

  override async take(key: string, limit: CallLimit): Promise<number | null> {
    try {
      await this.#limiterOf(limit).consume(key);
      return null;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      // After the clock was set back the value is too high, but the window still ends by its timer.
      return Math.min(Math.max(Math.ceil(refused.msBeforeNext), 1), limit.windowMs);
    }
  }

  #limiterOf({ name, max, windowMs }: CallLimit): RateLimiterMemory {
    const known = this.#limiters.get(name);
    if (known !== undefined) return known;
    const limiter = new RateLimiterMemory({ points: max, duration: windowMs / 1_000 });
    this.#limiters.set(name, limiter);
    return limiter;
  }
}
