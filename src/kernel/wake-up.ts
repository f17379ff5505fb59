import type { Clock } from './clock.js';

/** A wake-up call for a loop that sleeps until something is due: that may be earlier than the loop knows. */
export class WakeUp {
  #isAwake = false;
  #endPause: () => void = () => {};

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
