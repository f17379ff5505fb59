import { Injectable } from '@nestjs/common';
import { Outbox, type OutboxCounts } from '../dispatch/outbox/outbox.js';
import { Clock } from '../kernel/clock.js';
import { StorageProbe } from './storage-probe.js';

export interface StoreAnswer {
  readonly isUp: boolean;
  /** `null` where the outbox does not answer. */
  readonly counts: OutboxCounts | null;
}

/** Who asks for health may do so as often as they like, and a database that is asked pings and counts. */
const ASKED_EVERY_MS = 5_000;

/** Asks the store for all who want to know within 5 s, whoever they are: a store that went down may be told up to that late. */
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

  latest(): Promise<StoreAnswer> {
    const isRecent = this.clock.elapsedMs() - this.#askedAtMs < ASKED_EVERY_MS;
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
