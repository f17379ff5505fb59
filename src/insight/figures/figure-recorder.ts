import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { REPLICA } from '../../kernel/replica.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { FigureStore } from '../../log/figure-store.js';
import { type Figures, type IntervalFigures, MINUTE_MS, NO_FIGURES, startOf } from '../../log/figures.js';
import { difference, Instruments, type Totals } from './instruments.js';
import { ReplicaFacts } from './replica-facts.js';

const COUNT_AGE_MS_MAX = 2_000;
/** A store that hangs must not hold up the stop. */
const LAST_WRITE_LIMIT_MS = 2_000;

/**
 * Writes what this process did in each minute, and that it started. A minute in which nothing happened is written, too: so the others
 * see that this process is there. A minute that the store does not take is lost: the store's operation counts as failed, and the chart has a gap.
 */
@Injectable()
export class FigureRecorder implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #minuteMs = 0;
  #before: Totals;
  /** 0 once the store knows of the start. */
  #starts = 1;
  /** The minute that is over and is being written. */
  #ended: IntervalFigures | null = null;
  #writes = 0;
  #timer: Timer | null = null;

  constructor(
    private readonly instruments: Instruments,
    private readonly counts: QueueCounts,
    private readonly facts: ReplicaFacts,
    private readonly store: FigureStore,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#before = instruments.totals();
  }

  onApplicationBootstrap(): void {
    this.#minuteMs = startOf(this.storeClock.nowMs(), MINUTE_MS);
    // At once: a process that ends within its first minute is seen, too.
    void this.#write(this.#minuteMs, { ...NO_FIGURES, starts: 1 });
    this.#turnLater();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#timer?.cancel();
    const { atMs, figures } = this.#underWay();
    await this.clock.within(LAST_WRITE_LIMIT_MS, this.#write(atMs, figures, true));
  }

  /** What the store does not know yet of this process: the minute under way, and one that is being written. */
  unstored(): readonly IntervalFigures[] {
    return this.#ended === null ? [this.#underWay()] : [this.#ended, this.#underWay()];
  }

  /** How many writes have ended. Figures that were read from the store before the last write do not have it. */
  get writes(): number {
    return this.#writes;
  }

  #underWay(): IntervalFigures {
    const { delivered, deliveredLater, kept, refused, notTaken, buried, failedAttempts } = difference(
      this.#before,
      this.instruments.totals(),
    );
    const counts = { delivered, deliveredLater, kept, refused, notTaken, buried, failedAttempts };
    return { atMs: this.#minuteMs, figures: { ...NO_FIGURES, ...counts, starts: this.#starts } };
  }

  #turnLater(): void {
    const leftMs = MINUTE_MS - (this.storeClock.nowMs() % MINUTE_MS);
    this.#timer = this.clock.after(leftMs, () => {
      void this.#turn();
      this.#turnLater();
    });
  }

  /** Never rejects. Does nothing if the minute is not over by the store's clock: the timer may be early. */
  async #turn(): Promise<void> {
    const minuteMs = startOf(this.storeClock.nowMs(), MINUTE_MS);
    if (minuteMs === this.#minuteMs) return;
    const ended = this.#underWay();
    this.#ended = ended;
    this.#minuteMs = minuteMs;
    this.#before = this.instruments.totals();
    this.#starts = 0;
    try {
      const { waiting = 0, dead = 0 } = (await this.counts.hints(COUNT_AGE_MS_MAX)) ?? {};
      await this.#write(ended.atMs, { ...ended.figures, waiting, dead });
    } catch (err) {
      this.#starts = Math.max(this.#starts, ended.figures.starts);
      this.log.debug({ err }, 'figures.write_failed');
    } finally {
      // If the store hung for longer than a minute, the next minute is being written by now.
      if (this.#ended === ended) this.#ended = null;
    }
  }

  /** Never rejects. */
  async #write(minuteMs: number, figures: Figures, isLast = false): Promise<void> {
    const facts = this.facts.take(isLast);
    try {
      await this.store.add(REPLICA, minuteMs, figures, facts);
      if (figures.starts > 0) this.#starts = 0;
    } catch (err) {
      this.#starts = Math.max(this.#starts, figures.starts);
      this.log.debug({ err }, 'figures.write_failed');
    } finally {
      this.#writes++;
    }
  }
}
