/** The system's clock for the local WeCom, whose time of day can stand still and be set, so that a test knows what is of one second. */
import { type Clock, SYSTEM_CLOCK } from '../../packages/simulator/clock.js';

export class SettableClock implements Clock {
  /** `null` while it goes on. */
  #stoppedAtMs: number | null = null;
  readonly elapsedMs = SYSTEM_CLOCK.elapsedMs;
  readonly after = SYSTEM_CLOCK.after;

  nowMs(): number {
    return this.#stoppedAtMs ?? SYSTEM_CLOCK.nowMs();
  }

  /** @param agoMs how far in the past it stands. */
  stop(agoMs = 0): void {
    this.#stoppedAtMs = SYSTEM_CLOCK.nowMs() - agoMs;
  }

  goOn(): void {
    this.#stoppedAtMs = null;
  }
}
