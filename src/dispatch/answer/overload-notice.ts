import type { Clock, Timer } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';

/** An overload is over when nothing was too much for this long. */
const QUIET_MS = 5_000;

/** How many events were kept or refused without a try, by what there was too much of. */
export interface OverloadCounts {
  readonly kept: Readonly<Record<'under_way', number>>;
  readonly refused: Readonly<Record<'under_way' | 'event_loop', number>>;
}

/** The fields of the line that says that an overload began. */
interface Beginning {
  readonly action: keyof OverloadCounts;
  readonly reason: string;
  /** Events and attempts under way. */
  readonly events: number;
  readonly attempts: number;
}

interface Totals {
  readonly kept: number;
  readonly refused: number;
}

/** Logs one line when an overload begins and one when it is over, however much came in meanwhile. */
export class OverloadNotice {
  #timer: Timer | null = null;

  constructor(
    private readonly counts: OverloadCounts,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Call it for each event that is too much, before it is counted. @param fields of the first line. */
  tell(fields: () => Beginning): void {
    if (this.#timer !== null) return;
    this.log.warn(fields(), 'overload.began');
    const before = this.#totals();
    this.#wait(this.clock.elapsedMs(), before, before);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(beganMs: number, atFirst: Totals, last: Totals): void {
    this.#timer = this.clock.after(QUIET_MS, () => {
      const now = this.#totals();
      if (now.kept + now.refused > last.kept + last.refused) return this.#wait(beganMs, atFirst, now);
      this.#timer = null;
      const durationMs = Math.round(this.clock.elapsedMs() - beganMs) - QUIET_MS;
      const [kept, refused] = [now.kept - atFirst.kept, now.refused - atFirst.refused];
      this.log.warn({ durationMs, kept, refused }, 'overload.ended');
    });
  }

  #totals(): Totals {
    const { kept, refused } = this.counts;
    return { kept: kept.under_way, refused: refused.under_way + refused.event_loop };
  }
}
