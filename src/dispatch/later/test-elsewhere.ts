import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { type Failure, toFailure } from '../../queue/failure.js';
import { toDropped, toWaiting } from '../../queue/event.js';
import { toResync } from '../../queue/kf-event.js';
import type { EventQueue } from '../../queue/event-queue.js';
import { WaitingHints } from './waiting-hints.js';

const LOOK_MS = 100;
/** The longest attempt, and the time until the other replica claims it. */
const LIMIT_MS = 12_000;
const REASON = 'the replica with the connection of its client has not sent it';

/** Tests the bot of an account by the queue, where another replica has the connection of its client. */
@Injectable()
export class TestElsewhere {
  readonly #queue: EventQueue;

  constructor(
    { kept }: WaitingHints,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {
    this.#queue = kept;
  }

  /**
   * Keeps a hint for the other replica, and waits until that has sent it. If something waits already, that is sent. What was
   * kept for the test alone is removed if the bot did not take it.
   * @returns `null` when the bot took it.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async run(to: Destination): Promise<Failure | null> {
    const nowMs = this.storeClock.nowMs();
    const generation = await this.#keep(to, nowMs);
    const failure = await this.#outcome(to, nowMs);
    if (failure !== null && generation !== null)
      await this.#queue.change(to, (hint) => toDropped(hint, generation));
    return failure;
  }

  /** @returns `null` where something waited already. */
  async #keep(to: Destination, nowMs: number): Promise<string | null> {
    const endpoint = to.endpoint?.href ?? null;
    if (endpoint !== null && (await this.#queue.find(to)) !== null) {
      await this.#queue.change(to, (hint) => toWaiting(hint, endpoint, nowMs));
      return null;
    }
    const test = {
      event: toResync(to),
      keepsEach: to.getsEach,
      isFirst: () => false,
      keysId: null,
      arrivedAtMs: nowMs,
      attempts: 0,
      step: 0,
      dueAtMs: nowMs,
      endpoint,
      lease: null,
      failure: toFailure(nowMs, 'elsewhere', REASON),
    };
    return (await this.#queue.put([test], nowMs)).generation;
  }

  async #outcome(to: Destination, sinceMs: number): Promise<Failure | null> {
    for (const endMs = this.clock.elapsedMs() + LIMIT_MS; this.clock.elapsedMs() < endMs;) {
      await this.clock.sleep(LOOK_MS);
      const hint = await this.#queue.find(to);
      if (hint === null) return null;
      const { lastFailure } = hint;
      if (lastFailure !== null && lastFailure.atMs >= sinceMs && lastFailure.stage !== 'elsewhere')
        return lastFailure;
    }
    return toFailure(this.storeClock.nowMs(), 'elsewhere', REASON);
  }
}
