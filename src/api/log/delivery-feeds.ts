import type { Readable } from 'node:stream';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Accounts } from '../../registry/accounts/accounts.js';
import { Deliveries, type RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { REPLICA } from '../../kernel/replica.js';
import { VERSION } from '../../kernel/version.js';
import type { DeliveryAnswer } from './delivery.dto.js';
import { type DeliveryFilter, toDeliveryAnswer, toDeliveryId } from './delivery-answer.js';
import { DeliveryFeed, toEvent } from './delivery-feed.js';

/** Readers of all operators together. */
const READERS_MAX = 32;
const TRY_AGAIN_S = 10;
const BEAT_MS = 15_000;
/** Short enough for a person to see deliveries at once, long enough to write many together. */
const FLUSH_MS = 100;
/**
 * How long a feed may take to flush when it ends. A reader that stopped reading would otherwise keep the
 * process alive.
 */
const END_LIMIT_MS = 500;

interface ReaderOf {
  /** The operator's name. */
  readonly operator: string;
  readonly mayStay: () => boolean;
}

/**
 * The readers that follow this process's deliveries. Without readers it does not listen. A delivery costs one filter check per
 * reader. Texts are made ten times a second, for at most 50 deliveries per reader, however many deliveries there are.
 */
@Injectable()
export class DeliveryFeeds implements BeforeApplicationShutdown {
  /** The oldest first. */
  readonly #readers = new Map<DeliveryFeed, ReaderOf>();
  #stopListening: () => void = () => {};
  #beat: Timer | null = null;
  #flush: Timer | null = null;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly accounts: Accounts,
    private readonly clock: Clock,
    private readonly lifecycle: Lifecycle,
  ) {
    void lifecycle.whenDraining().then(() => this.#endAll());
  }

  beforeApplicationShutdown(): void {
    this.#endAll();
  }

  /**
   * Opens a feed, which begins with a hello. It ends when it is destroyed, at `endMs`, when `mayStay` says no, when it makes
   * room for a reader of another operator, or when the process drains.
   * @param operator the name of its operator.
   * @param endMs on the wall clock; `null` for never.
   * @param mayStay is asked at each beat.
   * @throws AppError `STREAM_READERS_TOO_MANY`
   */
  open(
    filter: DeliveryFilter,
    operator: string,
    endMs: number | null,
    mayStay: () => boolean = () => true,
  ): Readable {
    if (this.#readers.size >= READERS_MAX) this.#makeRoomFor(operator);
    const reader = new DeliveryFeed(filter);
    reader.tell('hello', { replica: REPLICA, version: VERSION });
    if (this.lifecycle.isDraining) this.#end(reader);
    else this.#add(reader, { operator, mayStay }, endMs);
    return reader;
  }

  /**
   * Ends the oldest reader of the operator with the most readers, unless `operator` would then have as many.
   * @throws AppError `STREAM_READERS_TOO_MANY`
   */
  #makeRoomFor(operator: string): void {
    const byOperator = Map.groupBy(this.#readers, ([, reader]) => reader.operator);
    const own = byOperator.get(operator)?.length ?? 0;
    const most = [...byOperator.values()].reduce((a, b) => (b.length > a.length ? b : a));
    const [oldest] = most;
    if (oldest === undefined || own + 1 >= most.length)
      throw new AppError('STREAM_READERS_TOO_MANY', { retryAfterS: TRY_AGAIN_S });
    this.#end(oldest[0]);
  }

  #add(reader: DeliveryFeed, of: ReaderOf, endMs: number | null): void {
    this.#readers.set(reader, of);
    reader.once('close', () => this.#remove(reader));
    if (endMs !== null) this.#untilClosed(reader, endMs - this.clock.nowMs(), () => this.#end(reader));
    if (this.#readers.size > 1) return;
    this.#stopListening = this.deliveries.listen((delivery) => this.#offer(delivery));
    this.#beatLater();
  }

  #remove(reader: DeliveryFeed): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stopListening();
    this.#beat?.cancel();
    this.#flush?.cancel();
    this.#flush = null;
  }

  #offer(delivery: RecordedAttempt): void {
    let isWanted = false;
    for (const reader of this.#readers.keys()) isWanted = reader.offer(delivery) || isWanted;
    if (isWanted) this.#flush ??= this.clock.after(FLUSH_MS, () => this.#flushAll());
  }

  #flushAll(): void {
    this.#flush?.cancel();
    this.#flush = null;
    const texts = new Map<RecordedAttempt, string>();
    const toText = (delivery: RecordedAttempt): string => {
      const text =
        texts.get(delivery) ?? toEvent('delivery', this.#toAnswer(delivery), toDeliveryId(delivery));
      texts.set(delivery, text);
      return text;
    };
    for (const reader of this.#readers.keys()) reader.flush(toText);
  }

  #toAnswer(delivery: RecordedAttempt): DeliveryAnswer {
    return toDeliveryAnswer(delivery, this.accounts.nameOf(delivery.openKfId));
  }

  #beatLater(): void {
    this.#beat = this.clock.after(BEAT_MS, () => {
      // Reports skipped deliveries even when no later one follows.
      this.#flushAll();
      for (const [reader, { mayStay }] of [...this.#readers]) {
        if (mayStay()) reader.beat();
        else this.#end(reader);
      }
      if (this.#readers.size > 0) this.#beatLater();
    });
  }

  #endAll(): void {
    for (const reader of [...this.#readers.keys()]) this.#end(reader);
  }

  #end(reader: DeliveryFeed): void {
    this.#flushAll();
    this.#remove(reader);
    reader.end();
    this.#untilClosed(reader, END_LIMIT_MS, () => reader.destroy());
  }

  #untilClosed(reader: DeliveryFeed, delayMs: number, run: () => void): void {
    const timer = this.clock.after(delayMs, run);
    reader.once('close', () => timer.cancel());
  }
}
