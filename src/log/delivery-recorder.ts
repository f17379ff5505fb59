import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { JournalBatch } from '../storage/journal/journal.js';
import { DeliveryLog } from './delivery-log.js';
import type { DeliveryRecord, LoggedRecord } from './delivery-record.js';
import { Past } from './past.js';
import { RecordBuffer } from './record-buffer.js';
import { LogMetrics } from './log-metrics.js';
import { SignRecorder } from './sign-recorder.js';

/** What comes in 8 s at 2,500 events a second. A record takes about 250 bytes of memory. */
export const BUFFERED_MAX = 20_000;
/** With 1 s, the p99 of callbacks was a fifth higher. With 100 ms it was not lower. */
export const FLUSH_MS = 250;
const SWEEP_MS = 60_000;
/** A store that hangs must not hold up the stop. */
const LAST_FLUSH_LIMIT_MS = 2_000;

/**
 * Writes the delivery log after the answers. Records are buffered, up to a bound, and a timer writes them in batches. No caller
 * waits for a write or sees it fail. Dropped records are counted.
 */
@Injectable()
export class DeliveryRecorder
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  /** Whether there is a log. */
  readonly isOn: boolean;
  readonly #buffer: RecordBuffer;
  #flushing: Promise<void> | null = null;
  #timer: Timer | null = null;
  #sweep: Timer | null = null;
  #isStopped = false;
  #isFailing = false;

  constructor(
    private readonly deliveryLog: DeliveryLog,
    readonly past: Past,
    private readonly metrics: LogMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
    private readonly signs: SignRecorder,
  ) {
    this.isOn = deliveryLog.days > 0;
    this.#buffer = new RecordBuffer(deliveryLog, BUFFERED_MAX);
  }

  onApplicationBootstrap(): void {
    // Removes what an earlier process kept.
    if (!this.isOn) void this.#sweepNow();
    this.#sweepLater();
  }

  /** The store is surely open now. Records of the last requests come later. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.clock.within(LAST_FLUSH_LIMIT_MS, this.#flush());
  }

  /** Writes what is left, for 2 s at most; a database may be closed by then. */
  async onApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    this.#sweep?.cancel();
    // A flush may be under way that does not have all records.
    const written = this.#flush().then(() => this.#flush());
    await this.clock.within(LAST_FLUSH_LIMIT_MS, written);
  }

  /** Never throws and never waits: every delivery passes here. What is known of the past has it also where the log has not. */
  add(record: DeliveryRecord): void {
    this.past.note(record);
    if (!this.isOn) return this.signs.noteTaken(record);
    if (this.#isStopped || !this.#buffer.add(record)) {
      this.metrics.dropped.buffer.add();
      return;
    }
    this.#timer ??= this.clock.after(FLUSH_MS, () => void this.#flush());
  }

  /** Never rejects. */
  #flush(): Promise<void> {
    this.#flushing ??= this.#writeAll().finally(() => {
      this.#flushing = null;
      this.#timer?.cancel();
      this.#timer = null;
      if (this.#buffer.length > 0 && !this.#isStopped)
        this.#timer = this.clock.after(FLUSH_MS, () => void this.#flush());
    });
    return this.#flushing;
  }

  async #writeAll(): Promise<void> {
    for (const batch of this.#buffer.takeAll()) await this.#write(batch);
  }

  async #write(batch: JournalBatch<LoggedRecord>): Promise<void> {
    try {
      await batch.write();
      this.#isFailing = false;
    } catch (err) {
      this.metrics.dropped.store.add(batch.length);
      // Only the first failure in a row is logged: an outage would fill the log.
      if (!this.#isFailing)
        this.log[this.#isStopped ? 'debug' : 'warn'](
          { records: batch.length, err },
          'deliverylog.append_failed',
        );
      this.#isFailing = true;
    }
  }

  #sweepLater(): void {
    this.#sweep = this.clock.after(SWEEP_MS, () => {
      void this.#sweepNow().finally(() => {
        if (!this.#isStopped) this.#sweepLater();
      });
    });
  }

  /** Never rejects. */
  async #sweepNow(): Promise<void> {
    try {
      await this.deliveryLog.sweep(this.storeClock.nowMs());
    } catch (err) {
      this.log.debug({ err }, 'deliverylog.sweep_failed');
    }
  }
}
