import { Injectable } from '@nestjs/common';
import { SYNC_TOKEN_LIFE_MS } from '../dispatch/redelivery/retry-schedule.js';

/**
 * How far WeCom is with each corp, by the `CreateTime` of its events, which is compared with nothing else: WeCom's clock
 * is not ours. So an event that was on its way for long is known to be old when it comes in.
 */
@Injectable()
export class CorpTime {
  /** Seconds, by corp. Has one entry per corp with keys. */
  readonly #newest = new Map<string, number>();

  /**
   * @param createdAtS `null` for an event without `CreateTime`, of which nothing is known.
   * @param isTrusted whether the signer of the event is proven. Others could make all events of the corp look old.
   * @returns how far the event is behind the newest of its corp, in milliseconds; from 10 minutes on that much.
   */
  lagMs(corpId: string, createdAtS: number | null, isTrusted: boolean): number {
    if (createdAtS === null) return 0;
    const newestS = this.#newest.get(corpId) ?? 0;
    if (createdAtS < newestS) return Math.min((newestS - createdAtS) * 1_000, SYNC_TOKEN_LIFE_MS);
    if (isTrusted) this.#newest.set(corpId, createdAtS);
    return 0;
  }
}
