import type { Clock } from '../../kernel/clock.js';
import type { Outbox } from './outbox.js';

/** An outbox with a wake-up call for the loop that delivers from it: something may be due earlier than the loop knows. */
export class HintQueue {
  #isAwake = false;
  #endPause: () => void = () => {};

  constructor(readonly outbox: Outbox) {}

  wakeUp(): void {
    this.#isAwake = true;
    this.#endPause();
  }

  /** The loop looks at what is due now. */
  looking(): void {
    this.#isAwake = false;
  }

  /** Sleeps until then, or until it is woken; returns at once if it was woken since the loop last looked. */
  async pause(ms: number, clock: Clock): Promise<void> {
    if (this.#isAwake || ms <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(ms, resolve);
    this.#endPause = resolve;
    await promise;
    timer.cancel();
  }
}
