import { Injectable } from '@nestjs/common';
import { type ArrivalCount, Arrivals, type BotArrivals } from '../../dispatch/inline/arrivals.js';
import { Clock } from '../../kernel/clock.js';
import { REPLICA } from '../../kernel/replica.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { FailureCount } from '../../wecom/outcomes/failed-calls.js';
import type { ErrorCount } from '../../wecom/outcomes/wecom-errors.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { OtherReplicas, type ReplicaMark } from './other-replicas.js';

/** What a replica tells the others with the figures of a minute: that it lives, and what is a sum. Plain JSON. */
interface Facts {
  readonly mark: ReplicaMark;
  readonly corps: readonly ArrivalCount[];
  readonly bots: readonly BotArrivals[];
  readonly errors: readonly ErrorCount[];
  readonly calls: readonly FailureCount[];
}

/** Takes from where they are counted the facts of this replica, and adds those of others to them. */
@Injectable()
export class ReplicaFacts {
  /** Of `Clock.elapsedMs`. */
  readonly #startedMs: number;

  constructor(
    private readonly arrivals: Arrivals,
    private readonly wecom: WecomMetrics,
    private readonly replicas: OtherReplicas,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {
    this.#startedMs = clock.elapsedMs();
  }

  /** Those since the last ones. @param isStopped whether they are the last that it tells. */
  take(isStopped: boolean): string {
    const atMs = this.storeClock.nowMs();
    const startedAtMs = atMs - (this.clock.elapsedMs() - this.#startedMs);
    const mark = { startedAtMs, atMs, isStopped };
    this.replicas.note(REPLICA, mark);
    const { errors, failedCalls } = this.wecom;
    const facts: Facts = {
      mark,
      ...this.arrivals.takeNews(),
      errors: errors.takeNews(),
      calls: failedCalls.takeNews(),
    };
    return JSON.stringify(facts);
  }

  /** @throws Error where another version has written them in another form. */
  add(replica: string, text: string): void {
    const { mark, corps, bots, errors, calls } = JSON.parse(text) as Facts;
    this.replicas.note(replica, mark);
    this.arrivals.addOfOther(corps, bots);
    for (const error of errors) this.wecom.errors.addOfOther(error);
    for (const call of calls) this.wecom.failedCalls.add(call);
  }
}
