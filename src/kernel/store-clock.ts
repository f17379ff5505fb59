/**
 * Store time: the one clock of all processes on a store. Due times, leases and ages in the store use it, because the
 * clocks of replicas may be minutes apart.
 */
export abstract class StoreClock {
  /** Epoch milliseconds. */
  abstract nowMs(): number;
}
