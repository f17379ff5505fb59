import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { callbackConfig } from './callback.config.js';

/** How far a signed timestamp may be from our time. Without a limit, a captured callback could be replayed for ever. */
@Injectable()
export class SkewLimit {
  readonly #maxS: number;

  constructor(
    private readonly clock: Clock,
    @Inject(callbackConfig.KEY) config: Pick<ConfigType<typeof callbackConfig>, 'callbackSkewSMax'>,
  ) {
    this.#maxS = config.callbackSkewSMax;
  }

  /**
   * @param timestamp of the query, in seconds; digits.
   * @throws AppError `CALLBACK_TIMESTAMP_OFF`
   */
  check(timestamp: string): void {
    if (this.#maxS === 0) return;
    const skewS = Number(timestamp) - this.clock.nowMs() / 1_000;
    if (Math.abs(skewS) <= this.#maxS) return;
    throw new AppError('CALLBACK_TIMESTAMP_OFF', { internal: { skewS: Math.round(skewS) } });
  }
}
