import { Readable } from 'node:stream';
import type { RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { type DeliveryFilter, isAskedFor } from './delivery-answer.js';

/** How much may be buffered for a slow reader: some hundred deliveries. */
const UNREAD_BYTES_MAX = 65_536;
/** How many deliveries are kept between two writes; the others are only counted. */
const PENDING_MAX = 50;
/** After this many heartbeats in a row without room in the buffer, the reader is taken for gone. */
const STUCK_BEATS_MAX = 4;

/** Server-sent events (html.spec.whatwg.org/multipage/server-sent-events.html) of one reader. It never waits for the reader. */
export class DeliveryFeed extends Readable {
  readonly #filter: DeliveryFilter;
  readonly #pending: RecordedAttempt[] = [];
  #skipped = 0;
  #stuckBeats = 0;

  constructor(filter: DeliveryFilter) {
    super({ highWaterMark: UNREAD_BYTES_MAX });
    this.#filter = filter;
  }

  /** Nothing to do: the data was already pushed. */
  override _read(): void {}

  /** @returns whether the reader wants the delivery. */
  offer(delivery: RecordedAttempt): boolean {
    if (!isAskedFor(delivery, this.#filter)) return false;
    if (this.#pending.length < PENDING_MAX) this.#pending.push(delivery);
    else this.#skipped++;
    return true;
  }

  tell(event: string, data: object): void {
    this.push(toEvent(event, data));
  }

  /** Writes what was offered, if there is room. @param toText formats the event of a delivery. */
  flush(toText: (delivery: RecordedAttempt) => string): void {
    const pending = this.#pending.splice(0);
    if (this.readableLength >= UNREAD_BYTES_MAX) {
      this.#skipped += pending.length;
      return;
    }
    this.#stuckBeats = 0;
    if (pending.length > 0) this.push(pending.map(toText).join(''));
    if (this.#skipped > 0) this.tell('skipped', { count: this.#skipped });
    this.#skipped = 0;
  }

  /** Keeps the connection alive, and notices when the reader is gone. */
  beat(): void {
    if (this.readableLength < UNREAD_BYTES_MAX) this.push(':\n\n');
    else if (++this.#stuckBeats >= STUCK_BEATS_MAX) this.destroy();
  }

  end(): void {
    this.push(null);
  }
}

/** @param id lets a reader recognize an event that it has already. */
export function toEvent(event: string, data: object, id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`;
}
