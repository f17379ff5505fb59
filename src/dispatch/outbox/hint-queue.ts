import type { Clock } from '../../kernel/clock.js';
import type { Outbox } from './outbox.js';

/** An outbox, and whether something in it may be due earlier than the loop over it knows. */
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

  /** Ends early when it is woken up; at once where it was since the loop last looked. */
  async pause(ms: number, clock: Clock): Promise<void> {
    if (this.#isAwake || ms <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(ms, resolve);
    this.#endPause = resolve;
    await promise;
    timer.cancel();
  }
}
