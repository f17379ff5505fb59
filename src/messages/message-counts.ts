import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { withinDeadline } from '../kernel/deadline.js';
import { Recent } from '../kernel/recent.js';
import type { MessageCounts as Counts } from '../dispatch/queue/queue-store.js';
import { MessageStore } from './message-store.js';

/** Callers report other things too, so they do not wait longer than this for the store. */
const COUNT_LIMIT_MS = 1_000;

/** Counts of messages in the whole store. Callers share one count at a time, since a database scans an index for it. */
@Injectable()
export class MessageCounts {
  readonly #counts: Recent<Counts | null>;

  constructor(store: MessageStore, clock: Clock) {
    this.#counts = new Recent(clock, async () => {
      try {
        return await withinDeadline(COUNT_LIMIT_MS, 'count messages', store.counts(null));
      } catch (error) {
        if (error instanceof AppError) return null;
        throw error;
      }
    });
  }

  /**
   * @param ageMsMax the age of a count that is still good enough; 0 asks for a new one, or joins one that is under way.
   * @returns `null` where the store does not answer in time.
   */
  latest(ageMsMax = 0): Promise<Counts | null> {
    return this.#counts.latest(ageMsMax);
  }
}
