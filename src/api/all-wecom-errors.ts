import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { OtherReplicas } from '../stream/replicas/other-replicas.js';
import { addedUp, type FailedCall } from '../wecom/failed-calls.js';
import { type SeenError, seenInAll } from '../wecom/wecom-errors.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';

export const WECOM_ERRORS_OF_REPLICA = 'puppetWxkfManager/replicas/wecom-errors';

/** What one process has seen. */
export interface ToldErrors {
  readonly errors: readonly SeenError[];
  readonly calls: readonly FailedCall[];
}

/** Calls that failed, at all replicas: each is asked when somebody looks. */
@Injectable()
export class AllWecomErrors {
  constructor(
    private readonly wecom: WecomMetrics,
    private readonly others: OtherReplicas,
    private readonly clock: Clock,
  ) {}

  own(): ToldErrors {
    return { errors: this.wecom.errors, calls: this.wecom.failedCalls };
  }

  /** @returns with how many replicas did not answer. */
  async read(): Promise<ToldErrors & { readonly missing: number }> {
    const { answers, missing } = await this.others.ask(`/${WECOM_ERRORS_OF_REPLICA}`, {}, readTold);
    const all = [this.own(), ...answers];
    const errors = seenInAll(all.map((told) => told.errors));
    return {
      errors,
      calls: addedUp(
        all.map(({ calls }) => calls),
        this.clock.nowMs(),
      ),
      missing,
    };
  }
}

function readTold(answer: unknown): ToldErrors | null {
  const { errors, calls } = answer as Partial<ToldErrors>;
  const areKnown =
    Array.isArray(errors) &&
    errors.every(({ count, lastAtMs }) => isWhole(count) && isWhole(lastAtMs)) &&
    Array.isArray(calls) &&
    calls.every(({ hours, hour, lastAtMs }) => hours.every(isWhole) && isWhole(hour) && isWhole(lastAtMs));
  return areKnown ? { errors, calls } : null;
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value);
}
