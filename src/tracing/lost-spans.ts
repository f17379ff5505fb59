import type { Clock } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';

const TOLD_EVERY_MS = 60_000;

/** Logs the first lost spans at once, and later ones once a minute. */
export class LostSpans {
  #count = 0;
  #reason = '';
  #isTold = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  add(spans: number, reason: string): void {
    this.#count += spans;
    this.#reason = reason;
    if (this.#isTold) return;
    this.tell();
    this.#isTold = true;
    this.clock.after(TOLD_EVERY_MS, () => {
      this.#isTold = false;
      this.tell();
    });
  }

  /** Logs the lost spans that were not logged yet. */
  tell(): void {
    if (this.#count === 0) return;
    this.log.warn({ spans: this.#count, reason: this.#reason }, 'tracing.spans_lost');
    this.#count = 0;
  }
}
