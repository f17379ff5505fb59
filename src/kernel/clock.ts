/**
 * Time as everything here sees it, so that tests move it by hand. Reads and timers only: what a
 * schedule decides stays with its owner.
 */
export abstract class Clock {
  /** Wall-clock time, epoch milliseconds. May jump. */
  abstract nowMs(): number;

  /** Milliseconds since an arbitrary start; never jumps. For durations. */
  abstract elapsedMs(): number;

  /**
   * Calls `run` once after `delayMs`, unless the timer is cancelled before. Keeps no process alive. Answers that
   * came while the process stood still are heard first: they were in time.
   */
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
    let immediate: NodeJS.Immediate | undefined;
    const timeout = setTimeout(() => {
      immediate = setImmediate(run);
    }, delayMs);
    timeout.unref();
    return {
      cancel: () => {
        clearTimeout(timeout);
        clearImmediate(immediate);
      },
    };
  }
}
