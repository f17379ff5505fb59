import type { RecordedAttempt } from './deliveries.js';

/** Learns how attempts at events ended: each says how far its bot is. */
export abstract class TriedEvents {
  /** Called in the turn in which the attempt ended, after it was recorded. */
  abstract ended(recorded: RecordedAttempt): void;
}
