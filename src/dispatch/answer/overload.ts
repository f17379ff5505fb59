import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { dispatchConfig } from './dispatch.config.js';
import { LoopTurn } from './loop-turn.js';
import { type OverloadCounts, OverloadNotice } from './overload-notice.js';

/** This many attempts at one origin are never too many: twice its sockets. */
const ORIGIN_FREE = 64;

/**
 * Counts what is under way in this process, and says when it is too much. Then events are kept without a try, and
 * beyond that callbacks are refused before they are read. It counts only the present and remembers nothing, so the
 * first callback after an overload is taken like any other.
 */
@Injectable()
export class Overload implements OnApplicationShutdown {
  readonly #counts = { kept: { under_way: 0 }, refused: { under_way: 0, event_loop: 0 } };
  readonly #turn: LoopTurn;
  readonly #notice: OverloadNotice;
  #events = 0;
  #attempts = 0;

  constructor(
    @Inject(dispatchConfig.KEY) private readonly config: ConfigType<typeof dispatchConfig>,
    clock: Clock,
    @Inject(LOG) log: Log,
  ) {
    this.#turn = new LoopTurn(config.eventLoopDelayMsMax, clock);
    this.#notice = new OverloadNotice(this.#counts, clock, log);
  }

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
    this.#notice.stop();
  }

  eventBegan(): void {
    this.#events++;
  }

  eventEnded(): void {
    this.#events--;
    this.#turn.goOn();
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
    this.#tell('kept', 'under_way');
    this.#counts.kept.under_way++;
    return true;
  }

  /** Whether a callback that comes in is to be refused; if so, it counts as refused. */
  refusesNext(): boolean {
    this.#turn.goOn();
    const isFull = this.#events >= this.config.callbacksUnderWayMax;
    if (!isFull && !this.#turn.isOver) return false;
    const reason = isFull ? 'under_way' : 'event_loop';
    this.#tell('refused', reason);
    this.#counts.refused[reason]++;
    return true;
  }

  #tell(action: keyof OverloadCounts, reason: string): void {
    this.#notice.tell(() => ({ action, reason, events: this.#events, attempts: this.#attempts }));
  }
}
