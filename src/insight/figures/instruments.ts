import { Injectable } from '@nestjs/common';
import { CallbackMetrics } from '../../callback/callback-metrics.js';
import { DispatchMetrics } from '../../dispatch/endpoint/dispatch-metrics.js';
import { Overload } from '../../dispatch/inline/overload.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';

const NAMES = [
  'callbacks',
  'delivered',
  /** Hints that a bot took. */
  'deliveredLater',
  'kept',
  'refused',
  /** Neither delivered nor kept, for whatever reason; includes callbacks that were turned away in an overload. */
  'notTaken',
  /** Hints that became dead. */
  'buried',
  'failedAttempts',
  'tokenRequests',
  'proxyCalls',
  /** Calls of bots that got no answer from WeCom. */
  'unansweredCalls',
] as const;
export type Totals = Readonly<Record<(typeof NAMES)[number], number>>;

/** This process's counts since its start, named as in the operators' API. The metrics read the same instruments. */
@Injectable()
export class Instruments {
  constructor(
    private readonly callbacks: CallbackMetrics,
    private readonly dispatch: DispatchMetrics,
    private readonly overload: Overload,
    private readonly wecom: WecomMetrics,
  ) {}

  totals(): Totals {
    const { verified: _verified, ...outcomes } = this.callbacks.toJSON();
    const { tokens, calls } = this.wecom.toJSON();
    const tooMany = sumOf(this.overload.counts.refused);
    return {
      callbacks: sumOf(outcomes) + tooMany,
      delivered: outcomes.delivered,
      deliveredLater: this.dispatch.hintsTaken,
      kept: outcomes.pending,
      refused: outcomes.refused,
      notTaken: outcomes.not_taken + outcomes.failed + tooMany,
      buried: this.dispatch.hintsBuried,
      failedAttempts: this.dispatch.failedAttempts,
      tokenRequests: sumOf(tokens),
      proxyCalls: sumOf(calls),
      unansweredCalls: calls.unreachable + calls.broken,
    };
  }
}

/** The counts from `before` to `after`. */
export function difference(before: Totals, after: Totals): Totals {
  const counts = NAMES.map((name) => [name, after[name] - before[name]] as const);
  return Object.fromEntries(counts) as Record<keyof Totals, number>;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
