import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type HintGroup, Outbox } from './outbox.js';

/** Every page of every operator asks, and a store scans all hints for it. */
const AGE_MS_MAX = 5_000;
const LIMIT_MS = 1_000;
/** What waits no longer than that may just be on its way: a bot that works before it answers takes as long. */
export const ON_ITS_WAY_MS = 10_000;

/** What waits or is dead in the whole store, by what is wrong with it. Callers share one answer. */
@Injectable()
export class HintGroups {
  readonly #groups: Recent<readonly HintGroup[] | null>;

  constructor(outbox: Outbox, clock: Clock, storeClock: StoreClock) {
    this.#groups = new Recent(clock, async () => {
      try {
        return await withinDeadline(
          LIMIT_MS,
          'group hints',
          outbox.groups(storeClock.nowMs() - ON_ITS_WAY_MS),
        );
      } catch (error) {
        if (error instanceof AppError) return null;
        throw error;
      }
    });
  }

  /** @returns `null` where the store does not answer in time. */
  latest(): Promise<readonly HintGroup[] | null> {
    return this.#groups.latest(AGE_MS_MAX);
  }
}
