/**
 * How long after a fault the waiting hints are on their way: from when the cause was gone to the start of the
 * account's first delivery. Only hints count that were due or under way at the fault; when the next fault
 * comes first, time begins anew. A manager delivers before anybody has seen it ready: that is no time at all.
 */
import { Durations } from './durations.js';
import type { Arrival, Oracle } from './oracle.js';

/** Contract, 3.4, each with its jitter. */
const RETRY_AFTER_MS = [1, 3, 10, 30, 60, 120, 180, 180].map((seconds) => seconds * 1_200);

export class Recovery {
  readonly durations = new Durations();
  readonly #waiting = new Set<string>();
  #goneAtMs: number | null = null;

  constructor(private readonly oracle: Oracle) {
    oracle.onArrival = (arrival) => this.#see(arrival);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * To be called when nothing more arrives of what was sent before the fault.
   * @param candidates - accounts that get no further callbacks until then, so that only their hint can be on its way.
   */
  fault(candidates: readonly string[]): void {
    this.#goneAtMs = null;
    const nowMs = performance.now();
    for (const openKfId of candidates) if (this.#isDue(openKfId, nowMs)) this.#waiting.add(openKfId);
  }

  /** The cause is gone. */
  begin(atMs: number): void {
    this.#goneAtMs = atMs;
  }

  /** What is still waiting then counts with the time it has waited. @returns how many did. */
  end(): number {
    const late = this.#waiting.size;
    const goneAtMs = this.#goneAtMs;
    if (goneAtMs !== null) for (const _ of this.#waiting) this.durations.add(performance.now() - goneAtMs);
    this.#waiting.clear();
    return late;
  }

  #isDue(openKfId: string, nowMs: number): boolean {
    if (this.oracle.isCovered(openKfId)) return false;
    if (this.oracle.isUnderWay(openKfId)) return true;
    const { atMs, number } = this.oracle.lastAttempt(openKfId);
    const latestAfterMs = RETRY_AFTER_MS[number - 1];
    return latestAfterMs !== undefined && atMs + latestAfterMs <= nowMs;
  }

  #see({ openKfId, startedAtMs }: Arrival): void {
    if (!this.#waiting.delete(openKfId)) return;
    this.durations.add(Math.max(0, startedAtMs - (this.#goneAtMs ?? startedAtMs)));
  }
}
