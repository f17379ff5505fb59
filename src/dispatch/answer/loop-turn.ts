import type { Clock } from '../../kernel/clock.js';

/** Fifty times the CPU time of a callback on one core of an AMD EPYC (lab/bench/results). */
const GAP_MS_MAX = 5;

/**
 * One turn of the event loop: it handles what came over all sockets, and no timer runs meanwhile. Its time counts
 * from its first event on. Of each gap between two events at most `GAP_MS_MAX` counts: a process that was stopped, or
 * that collected garbage, has not worked too long, and has to serve what came meanwhile.
 */
export class LoopTurn {
  #busyMs = 0;
  /** `null` between turns. */
  #lastMs: number | null = null;

  constructor(
    private readonly limitMs: number,
    private readonly clock: Clock,
  ) {}

  /** Whether this turn has used up its time. */
  get isOver(): boolean {
    return this.#busyMs >= this.limitMs;
  }

  /** Call it for each event that is handled. */
  goOn(): void {
    const nowMs = this.clock.elapsedMs();
    if (this.#lastMs === null) setImmediate(this.#end);
    else this.#busyMs += Math.min(nowMs - this.#lastMs, GAP_MS_MAX);
    this.#lastMs = nowMs;
  }

  readonly #end = (): void => {
    this.#busyMs = 0;
    this.#lastMs = null;
  };
}
