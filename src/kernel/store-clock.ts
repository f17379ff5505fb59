/**
 * Store time: the one clock of all processes on a store. Due times, leases and ages in the store use it, because the
 * clocks of replicas may be minutes apart.
 */
export abstract class StoreClock {
  /** Epoch milliseconds. */
  abstract nowMs(): number;

  /** WeCom gave this time, of something that happened lately, epoch milliseconds. Left out where no jump waits for it. */
  confirm?(atMs: number): void;
}

/**
 * How far a stored time is from now, milliseconds. A time ahead was stored before the clock was set back: it counts as late, and
 * never as new.
 */
export function ageMs(nowMs: number, sinceMs: number): number {
  return Math.abs(nowMs - sinceMs);
}
