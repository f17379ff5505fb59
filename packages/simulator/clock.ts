/** Time as the simulator sees it, so that tests move it by hand. */
export interface Clock {
  /** Wall-clock time, epoch milliseconds. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never jumps. */
  elapsedMs(): number;
  /** Calls `run` once after `delayMs`, unless the timer is cancelled before. Keeps no process alive. */
  after(delayMs: number, run: () => void): { cancel(): void };
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
