import { Injectable } from '@nestjs/common';
import { UP_TO_5_S } from '../../metrics/bounds.js';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics } from '../../metrics/metrics.js';
import type { Observations } from '../../metrics/observations.js';
import type { AttemptResult } from './attempt.js';
import {
  type Failure,
  FAILURE_STAGES,
  type FailureStage,
  NOT_TRIED_STAGES,
  type Occasion,
  OCCASIONS,
} from '../../queue/failure.js';

const COUNTED_OCCASIONS = ['inline', ...OCCASIONS, 'message'] as const;
type CountedOccasion = (typeof COUNTED_OCCASIONS)[number];

const STAGES = [...FAILURE_STAGES, ...NOT_TRIED_STAGES];
const KEPT_AT = STAGES.filter((stage) => stage !== 'expired');
const BURIED_AT = [...FAILURE_STAGES, 'expired'] as const;

/** Seconds, from a puppet that was briefly busy to one that was away for three days, as long as a hint is kept. */
const HINT_AGES_S = [1, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400, 259_200];

/** What became of deliveries on one occasion. */
interface Attempts {
  readonly taken: Observations;
  readonly failed: Readonly<Record<FailureStage, Observations>>;
}

/** Only stages at which the occasion can fail. */
type ByStage = Readonly<Partial<Record<Failure['stage'], Count>>>;

/** What became of deliveries and hints. */
@Injectable()
export class DispatchMetrics {
  readonly #attempts: Readonly<Record<CountedOccasion, Attempts>>;
  readonly #ages: Readonly<Record<Occasion, Observations>>;
  readonly #kept: ByStage;
  readonly #buried: ByStage;
  readonly #coalesced: Count;
  readonly #resynced: Count;
  readonly #takenOver: Count;
  readonly #settledLate: Count;

  constructor(metrics: Metrics) {
    const attempts = metrics.histogram('wxkf_delivery_duration_seconds', UP_TO_5_S);
    this.#attempts = byValue(COUNTED_OCCASIONS, (occasion) => ({
      taken: attempts({ occasion, outcome: 'taken', stage: '' }),
      failed: byValue(FAILURE_STAGES, (stage) => attempts({ occasion, outcome: 'not_taken', stage })),
    }));
    const ages = metrics.histogram('wxkf_hint_age_seconds', HINT_AGES_S);
    this.#ages = byValue(OCCASIONS, (occasion) => ages({ occasion }));
    const kept = metrics.counter('wxkf_hints_kept_total');
    this.#kept = byValue(KEPT_AT, (stage) => kept({ stage }));
    this.#coalesced = metrics.counter('wxkf_hints_coalesced_total')({});
    this.#resynced = metrics.counter('wxkf_hints_resynced_total')({});
    const buried = metrics.counter('wxkf_hints_buried_total');
    this.#buried = byValue(BURIED_AT, (stage) => buried({ stage }));
    this.#takenOver = metrics.counter('wxkf_leases_taken_over_total')({});
    this.#settledLate = metrics.counter('wxkf_late_settles_total')({});
  }

  attempted(occasion: CountedOccasion, result: AttemptResult, seconds: number): void {
    const { taken, failed } = this.#attempts[occasion];
    (result.taken ? taken : failed[result.stage]).observe(seconds);
  }

  /** Attempts that a puppet did not take, on all occasions. */
  get failedAttempts(): number {
    const failed = Object.values(this.#attempts).flatMap((attempts) => Object.values(attempts.failed));
    return sumOf(failed.map(({ count }) => count));
  }

  /** Hints that a bot took. */
  get hintsTaken(): number {
    return sumOf(Object.values(this.#ages).map(({ count }) => count));
  }

  /** Hints that became dead letters. */
  get hintsBuried(): number {
    return sumOf(Object.values(this.#buried).map(({ value }) => value));
  }

  hintTaken(occasion: Occasion, ageSeconds: number, isResync: boolean): void {
    this.#ages[occasion].observe(Math.max(0, ageSeconds));
    if (isResync) this.#resynced.add();
  }

  hintKept(stage: Failure['stage']): void {
    this.#kept[stage]?.add();
  }

  hintsCoalesced(events: number): void {
    this.#coalesced.add(events);
  }

  hintBuried(stage: Failure['stage']): void {
    this.#buried[stage]?.add();
  }

  leaseTakenOver(): void {
    this.#takenOver.add();
  }

  settledLate(): void {
    this.#settledLate.add();
  }
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
