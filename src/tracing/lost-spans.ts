import type { Clock } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';

const TOLD_EVERY_MS = 60_000;

/** Tells at once of the first spans that are lost, and then once a minute of those that were since. */
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

  /** Reports the lost spans that were not reported yet. */
  tell(): void {
    if (this.#count === 0) return;
    this.log.warn({ spans: this.#count, reason: this.#reason }, 'tracing.spans_lost');
    this.#count = 0;
  }
}
