/**
 * The time that all processes on one store agree on, for what is written there: due times, leases, ages.
 * Replicas' own clocks may be minutes apart.
 */
export abstract class StoreClock {
  /** Epoch milliseconds. */
  abstract nowMs(): number;
}
