import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type RefusalGroup, RefusedCallbacks } from '../../log/refused-callbacks.js';

const MINUTE_MS = 60_000;
/** Every page of every operator asks, and none waits for the log. */
const AGE_MS_MAX = 5_000;
const LOG_LIMIT_MS = 1_000;

/** The callbacks that were refused within the last minute. */
@Injectable()
export class RecentRefusals {
  readonly #groups: Recent<readonly RefusalGroup[] | null>;

  constructor(refused: RefusedCallbacks, storeClock: StoreClock, clock: Clock) {
    this.#groups = new Recent(clock, async () => {
      const asked = refused.list(null, storeClock.nowMs() - MINUTE_MS);
      return (await answerInTime(LOG_LIMIT_MS, 'list refused callbacks', asked))?.groups ?? null;
    });
  }

  /** Up to 5 s old; `null` where the log does not answer. */
  latest(): Promise<readonly RefusalGroup[] | null> {
    return this.#groups.latest(AGE_MS_MAX);
  }
}
