/** Whether healthy accounts notice what happens to the others. */
import { Latencies } from './latencies.js';
import type { Answer } from './load.js';
import type { Run } from './run.js';
import { type OthersP99, unless } from './scenario.js';

const ALLOWANCE_MS = 20;
const ALLOWANCE_SHARE = 0.1;

/** Latencies of healthy accounts' callbacks by phase. An answer other than 200 counts as a failure of the phase. */
export class Others {
  failures = 0;
  #current = new Latencies();
  readonly #phases = new Map<string, Latencies>();

  /** What is answered from now on belongs to this phase. */
  enter(phase: string): void {
    this.#current = this.#phases.get(phase) ?? new Latencies();
    this.#phases.set(phase, this.#current);
  }

  add({ status, latencyMs }: Answer): void {
    this.#current.add(latencyMs);
    if (status !== 200) this.failures++;
  }

  p99Ms(phase: string): number {
    return this.#phases.get(phase)?.percentile(0.99) ?? 0;
  }

  compare(before: string, during: string): OthersP99 {
    return { beforeMs: this.p99Ms(before), duringMs: this.p99Ms(during) };
  }
}

/** Not judged in a short run: p99 of a few seconds, beside other scenarios, says more about the machine. */
export function p99Bound(run: Run, { beforeMs, duringMs }: OthersP99): string[] {
  const holds = duringMs <= beforeMs + Math.max(ALLOWANCE_MS, beforeMs * ALLOWANCE_SHARE);
  return run.isShort ? [] : unless(holds, `others' p99 rose by more than 10 % and ${ALLOWANCE_MS} ms`);
}
