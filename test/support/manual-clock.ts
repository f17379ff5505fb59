import { Clock, type Timer } from '../../src/kernel/clock.js';

/** Stands still until `advance`; timers run in the order of their time. */
export class ManualClock extends Clock {
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  #elapsedMs = 0;

  constructor(private readonly startMs = Date.UTC(2026, 0, 1)) {
    super();
  }

  override nowMs(): number {
    return this.startMs + this.#elapsedMs;
  }

  override elapsedMs(): number {
    return this.#elapsedMs;
  }

  override after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#elapsedMs + delayMs, run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /**
   * Moves on by `ms`, running each timer at its time; what they started has had its turn afterwards.
   * @param turn is waited for before each timer and at the end.
   */
  async advance(ms: number, turn: () => Promise<unknown> = oneTurn): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    for (;;) {
      await turn();
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#elapsedMs = Math.max(this.#elapsedMs, due.atMs);
      due.run();
    }
    this.#elapsedMs = endMs;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }
}

const oneTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
