import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';

/** The error of a sample is at most half its round trip. */
const ROUND_TRIP_MAX_MS = 500;

/**
 * The database server's clock, as `MongoStore` last measured it, and the time that passed here since. It asks
 * nothing itself. Until the first measurement it is this process's clock.
 */
@Injectable()
export class MongoStoreClock extends StoreClock {
  /** Server time minus `Clock.elapsedMs`; `null` before the first sample. */
  #offsetMs: number | null = null;

  constructor(private readonly clock: Clock) {
    super();
  }

  override nowMs(): number {
    if (this.#offsetMs === null) return this.clock.nowMs();
    return Math.round(this.clock.elapsedMs() + this.#offsetMs);
  }

  /**
   * Takes the server's time from an answer that has just arrived, to a question asked at `askedMs` of `Clock.elapsedMs`. The time
   * counts for the middle of the round trip. A slow answer is used only if it is the first.
   */
  set(serverMs: number, askedMs: number): void {
    const roundTripMs = this.clock.elapsedMs() - askedMs;
    if (Number.isNaN(serverMs)) return;
    if (this.#offsetMs !== null && roundTripMs > ROUND_TRIP_MAX_MS) return;
    this.#offsetMs = serverMs - (askedMs + roundTripMs / 2);
  }
}
