import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { Outbox, type OutboxCounts } from './outbox.js';

/** Whoever asks has other things to tell as well, whether the store answers or not. */
const COUNT_LIMIT_MS = 1_000;

/** What waits in the whole store, counted once for all who ask meanwhile: a database looks through an index for it. */
@Injectable()
export class HintCounts {
  #counting: Promise<OutboxCounts | null> | null = null;
  #isUnderWay = false;
  #countedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * @param ageMsMax how long ago the count may have begun that is given; 0 for one that is new, or under way.
   * @returns `null` where the store does not answer in time.
   */
  latest(ageMsMax = 0): Promise<OutboxCounts | null> {
    const isRecent = this.clock.elapsedMs() - this.#countedAtMs < ageMsMax;
    if (this.#counting !== null && (isRecent || this.#isUnderWay)) return this.#counting;
    this.#countedAtMs = this.clock.elapsedMs();
    this.#counting = this.#count();
    return this.#counting;
  }

  async #count(): Promise<OutboxCounts | null> {
    this.#isUnderWay = true;
    try {
      return await withinDeadline(COUNT_LIMIT_MS, 'count hints', this.outbox.counts());
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    } finally {
      this.#isUnderWay = false;
    }
  }
}
