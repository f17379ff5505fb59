import { Clock, type Timer } from '../../src/kernel/clock.js';

/** Stands still until `advance`; timers run in the order of their time. */
export class ManualClock extends Clock {
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  #elapsedMs = 0;
  #steppedMs = 0;

  constructor(private readonly startMs = Date.UTC(2026, 0, 1)) {
    super();
  }

  override nowMs(): number {
    // Whole milliseconds, as of the system; timers may be set in between.
    return Math.floor(this.startMs + this.#elapsedMs + this.#steppedMs);
  }

  override elapsedMs(): number {
    return this.#elapsedMs;
  }

  override after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#elapsedMs + delayMs, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** The wall clock is set, and no time passes. */
  step(ms: number): void {
    this.#steppedMs += ms;
  }

  /**
   * Moves on by `ms`, running each timer at its time; what they started has had its turn afterwards.
   * @param turn is waited for before each timer and at the end.
   */
  async advance(ms: number, turn: () => Promise<unknown> = oneTurn): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    for (;;) {
      await turn();
      const due = this.#next();
      if (due === undefined || due.atMs > endMs) break;
      this.#timers.delete(due);
      this.#elapsedMs = Math.max(this.#elapsedMs, due.atMs);
      due.run();
    }
    this.#elapsedMs = endMs;
  }

  /** The earliest, and of two at the same time the one that was set first. */
  #next() {
    let [next] = this.#timers;
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer;
    return next;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }
}

const oneTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
