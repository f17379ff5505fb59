/**
 * The only source of time, so that tests can move it by hand. It reads time and runs timers; schedules belong to the
 * features that follow them.
 */
export abstract class Clock {
  /** Wall-clock time, epoch milliseconds. May jump in either direction. */
  abstract nowMs(): number;

  /** Milliseconds since an arbitrary start, for durations. Never jumps. */
  abstract elapsedMs(): number;

  /** Calls `run` once after `delayMs`, unless the timer is cancelled before. Does not keep the process alive. */
  abstract after(delayMs: number, run: () => void): Timer;

  /** Resolves after `delayMs`. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** Whether the work resolves or rejects within `limitMs`. It is not cancelled, and a later rejection is ignored. */
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
 * A system timer that keeps the process alive. When the process was paused past the end of the timer, data that has
 * arrived on sockets is handled before `run`: it arrived in time.
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
