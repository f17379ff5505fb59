import { Injectable } from '@nestjs/common';
import { Outbox, type OutboxCounts } from '../dispatch/outbox.js';
import { Clock } from '../kernel/clock.js';
import { StorageProbe } from './storage-probe.js';

export interface StoreAnswer {
  readonly isUp: boolean;
  /** `null` where the outbox does not answer. */
  readonly counts: OutboxCounts | null;
}

/** Asks the store once for all who want to know meanwhile: a database that is asked pings and counts. */
@Injectable()
export class StoreReport {
  #answer: Promise<StoreAnswer> | null = null;
  #isUnderWay = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly storage: StorageProbe,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @param ageMsMax how long ago the store may have been asked; 0 for an answer that is new, or under way. */
  latest(ageMsMax: number): Promise<StoreAnswer> {
    const isRecent = this.clock.elapsedMs() - this.#askedAtMs < ageMsMax;
    if (this.#answer !== null && (isRecent || this.#isUnderWay)) return this.#answer;
    this.#askedAtMs = this.clock.elapsedMs();
    this.#answer = this.#ask();
    return this.#answer;
  }

  async #ask(): Promise<StoreAnswer> {
    this.#isUnderWay = true;
    const [checked, counted] = await Promise.allSettled([this.storage.check(), this.outbox.counts()]);
    this.#isUnderWay = false;
    const counts = counted.status === 'fulfilled' ? counted.value : null;
    return { isUp: checked.status === 'fulfilled', counts };
  }
}
