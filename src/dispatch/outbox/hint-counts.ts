import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { Outbox, type OutboxCounts } from './outbox.js';

/** Whoever asks has other things to tell as well, whether the store answers or not. */
const COUNT_LIMIT_MS = 1_000;

/** What waits in the whole store, counted once for all who ask meanwhile: a database looks through an index for it. */
@Injectable()
export class HintCounts {
  readonly #counts: Recent<OutboxCounts | null>;

  constructor(outbox: Outbox, clock: Clock) {
    this.#counts = new Recent(clock, async () => {
      try {
        return await withinDeadline(COUNT_LIMIT_MS, 'count hints', outbox.counts());
      } catch (error) {
        if (error instanceof AppError) return null;
        throw error;
      }
    });
  }

  /**
   * @param ageMsMax how long ago the count may have begun that is given; 0 for one that is new, or under way.
   * @returns `null` where the store does not answer in time.
   */
  latest(ageMsMax = 0): Promise<OutboxCounts | null> {
    return this.#counts.latest(ageMsMax);
  }
}
