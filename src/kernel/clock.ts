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

  /** Resolves after `delayMs`. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** Whether the work settles, be it by rejection, within `limitMs`. Whatever it does later is its own affair. */
  within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.after(Math.max(0, limitMs), () => resolve(false));
      const settled = (): void => {
        timer.cancel();
        resolve(true);
      };
      work.then(settled, settled);
    });
  }
}

export interface Timer {
  /** Harmless when the timer has run or was cancelled. */
  cancel(): void;
}

/**
 * A timer of the system that keeps the process alive. What came over a socket while the process stood still is
 * heard before it runs out: that was in time.
 */
export function startTimer(delayMs: number, run: () => void): Timer & { unref(): Timer } {
  let immediate: NodeJS.Immediate | undefined;
  const timeout = setTimeout(() => {
    immediate = setImmediate(run);
  }, delayMs);
  const timer = {
    cancel: () => {
      clearTimeout(timeout);
      clearImmediate(immediate);
    },
    unref: () => {
      timeout.unref();
      return timer;
    },
  };
  return timer;
}

export class SystemClock extends Clock {
  override nowMs(): number {
    return Date.now();
  }

  override elapsedMs(): number {
    return performance.now();
  }

  override after(delayMs: number, run: () => void): Timer {
    return startTimer(delayMs, run).unref();
  }
}
