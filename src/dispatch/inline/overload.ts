import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { dispatchConfig } from './dispatch.config.js';

/** This many attempts at one origin are never too many: twice its sockets. */
const ORIGIN_FREE = 64;
/** An overload is over when nothing was too much for this long. */
const QUIET_MS = 5_000;

/** How many events were kept without a try, and how many callbacks refused, by what there was too much of. */
export interface OverloadCounts {
  readonly kept: Readonly<Record<'under_way', number>>;
  readonly refused: Readonly<Record<'under_way', number>>;
}

/**
 * Counts what is under way in this process, and says when it is too much. Then events are kept without a try, and
 * beyond that callbacks are refused before they are read. It judges by the present alone, so the first callback after an
 * overload is taken like any other. The log has one line when an overload begins and one when it is over.
 */
@Injectable()
export class Overload implements OnApplicationShutdown {
  readonly #counts = { kept: { under_way: 0 }, refused: { under_way: 0 } };
  #events = 0;
  #attempts = 0;
  /** Runs during an overload. */
  #quiet: Timer | null = null;

  constructor(
    @Inject(dispatchConfig.KEY) private readonly config: ConfigType<typeof dispatchConfig>,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Opened events that are not answered yet. Unsigned requests do not count, and so take no place from them. */
  get eventsUnderWay(): number {
    return this.#events;
  }

  /** First attempts that have no result yet, including those whose event was kept and answered meanwhile. */
  get attemptsUnderWay(): number {
    return this.#attempts;
  }

  /** Since the start. */
  get counts(): OverloadCounts {
    return this.#counts;
  }

  onApplicationShutdown(): void {
    this.#quiet?.cancel();
  }

  eventBegan(): void {
    this.#events++;
  }

  eventEnded(): void {
    this.#events--;
  }

  attemptBegan(): void {
    this.#attempts++;
  }

  attemptEnded(): void {
    this.#attempts--;
  }

  /**
   * Whether an event is to be kept without an attempt; if so, it counts as kept.
   * @param atOrigin attempts under way at the origin of its puppet. Attempts at other origins are no reason to keep it.
   */
  keepsNext(atOrigin: number): boolean {
    const { callbacksTriedMax } = this.config;
    if (this.#attempts < callbacksTriedMax || atOrigin < Math.min(ORIGIN_FREE, callbacksTriedMax))
      return false;
    this.#note('kept');
    return true;
  }

  /** Whether a callback that comes in is to be refused; if so, it counts as refused. */
  refusesNext(): boolean {
    if (this.#events < this.config.callbacksUnderWayMax) return false;
    this.#note('refused');
    return true;
  }

  #note(action: keyof OverloadCounts): void {
    if (this.#quiet === null) this.#begin(action);
    this.#counts[action].under_way++;
  }

  #begin(action: keyof OverloadCounts): void {
    const [events, attempts] = [this.#events, this.#attempts];
    this.log.warn({ action, reason: 'under_way', events, attempts }, 'overload.began');
    const before = this.#totals();
    this.#waitForQuiet(this.clock.elapsedMs(), before, before);
  }

  #waitForQuiet(beganMs: number, before: Totals, last: Totals): void {
    this.#quiet = this.clock.after(QUIET_MS, () => {
      const now = this.#totals();
      if (now.kept + now.refused > last.kept + last.refused) return this.#waitForQuiet(beganMs, before, now);
      this.#quiet = null;
      const durationMs = Math.round(this.clock.elapsedMs() - beganMs) - QUIET_MS;
      const [kept, refused] = [now.kept - before.kept, now.refused - before.refused];
      this.log.warn({ durationMs, kept, refused }, 'overload.ended');
    });
  }

  #totals(): Totals {
    const { kept, refused } = this.#counts;
    return { kept: kept.under_way, refused: refused.under_way };
  }
}

interface Totals {
  readonly kept: number;
  readonly refused: number;
}
