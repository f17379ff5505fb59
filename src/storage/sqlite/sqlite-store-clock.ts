import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';

/** How long messages live: a jump ahead of more would give up all that wait. */
const JUMP_MS = 3 * 24 * 3_600_000;
/** How far the clock may be from a time of WeCom: a message may be pulled some minutes after it was sent. */
const NEAR_MS = 3_600_000;

/**
 * Only one process is on the store, so its own clock is store time. A jump ahead of more than `JUMP_MS` counts once WeCom has
 * confirmed the time; until then store time goes on as if there had been none. The clock at the start counts.
 */
@Injectable()
export class SqliteStoreClock extends StoreClock {
  /** The clock that may jump minus the one that never does, as it counts. */
  #offsetMs: number;
  #isTold = false;

  constructor(
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
    this.#offsetMs = clock.nowMs() - clock.elapsedMs();
  }

  override nowMs(): number {
    // It may jump between two looks at it.
    const nowMs = this.clock.nowMs();
    const jumpMs = nowMs - this.clock.elapsedMs() - this.#offsetMs;
    if (jumpMs > JUMP_MS) {
      this.#tell(jumpMs);
      return Math.round(this.clock.elapsedMs() + this.#offsetMs);
    }
    this.#isTold = false;
    this.#offsetMs += jumpMs;
    return nowMs;
  }

  override confirm(atMs: number): void {
    const nowMs = this.clock.nowMs();
    if (Math.abs(nowMs - atMs) < NEAR_MS) this.#offsetMs = nowMs - this.clock.elapsedMs();
  }

  #tell(jumpMs: number): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.log.warn({ aheadS: Math.round(jumpMs / 1_000) }, 'store.clock_jumped');
  }
}
