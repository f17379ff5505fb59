/**
 * Time as everything here sees it, so that tests move it by hand. Reads and timers only: what a
 * schedule decides stays with its owner.
 */
export abstract class Clock {
  /** Wall-clock time, epoch milliseconds. May jump. */
  abstract nowMs(): number;

  /** Milliseconds since an arbitrary start; never jumps. For durations. */
  abstract elapsedMs(): number;

  /** Calls `run` once after `delayMs`, unless the timer is cancelled before. Keeps no process alive. */
  abstract after(delayMs: number, run: () => void): Timer;
}

export interface Timer {
  /** Harmless when the timer has run or was cancelled. */
  cancel(): void;
}

export class SystemClock extends Clock {
  override nowMs(): number {
    return Date.now();
  }

  override elapsedMs(): number {
    return performance.now();
  }

  override after(delayMs: number, run: () => void): Timer {
    const timeout = setTimeout(run, delayMs);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  }
}
