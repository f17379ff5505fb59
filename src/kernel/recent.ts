import type { Clock } from './clock.js';

/** Asks once for all concurrent callers, and reuses a recent answer, good or bad. */
export class Recent<T> {
  #answer: Promise<T> | null = null;
  #isUnderWay = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly ask: () => Promise<T>,
  ) {}

  /** @param ageMsMax how old the answer may be, counted from its question. A running question is always shared. */
  latest(ageMsMax: number): Promise<T> {
    const isRecent = this.clock.elapsedMs() - this.#askedAtMs < ageMsMax;
    if (this.#answer !== null && (isRecent || this.#isUnderWay)) return this.#answer;
    this.#askedAtMs = this.clock.elapsedMs();
    this.#isUnderWay = true;
    this.#answer = this.ask().finally(() => {
      this.#isUnderWay = false;
    });
    return this.#answer;
  }
}
