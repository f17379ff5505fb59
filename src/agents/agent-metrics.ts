import { Injectable } from '@nestjs/common';
import type { Count } from '../metrics/count.js';
import { byValue, Metrics } from '../metrics/metrics.js';
import type { Observations } from '../metrics/observations.js';
import type { QuestionResult } from './reasons.js';

/** Seconds, from a model on the same machine to the longest `timeoutMs`. */
const BOUNDS_S = [0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300];
const RESULTS = ['answered', 'key', 'quota', 'busy', 'refused', 'connect', 'reset', 'timeout'] as const;
type Result = (typeof RESULTS)[number];

/** How services answered. */
@Injectable()
export class AgentMetrics {
  readonly #durations: Readonly<Record<Result, Observations>>;
  readonly #tokens: Count;

  constructor(metrics: Metrics) {
    const durations = metrics.histogram('wxkf_agent_duration_seconds', BOUNDS_S);
    this.#durations = byValue(RESULTS, (result) => durations({ result }));
    this.#tokens = metrics.counter('wxkf_agent_tokens_total')({});
  }

  /** @param tokens `null` where the service named none. */
  asked(result: QuestionResult, durationMs: number, tokens: number | null): void {
    // No service got the question.
    if (result === 'saturated' || result === 'withdrawn') return;
    const known = RESULTS.find((one) => one === result) ?? 'refused';
    this.#durations[known].observe(durationMs / 1_000);
    this.#tokens.add(tokens ?? 0);
  }
}
