import { roundMs } from '../kernel/round-ms.js';
import type { JournalBatch } from '../storage/journal/journal.js';
import type { DeliveryLog } from './delivery-log.js';
import {
  type DeliveryRecord,
  isRow,
  type LoggedRecord,
  type OnlyAttempt,
  toLogged,
} from './delivery-record.js';

/** Records that are written together, and are lost together where the store fails. */
export const BATCH_MAX = 1_000;
/** Attempts that wait for their callbacks. With one more the oldest gets a record of its own. */
const ATTEMPTS_MAX = 64;

/** Records that are about to be written. The record of a callback absorbs the record of the attempt that took its event at once. */
export class RecordBuffer {
  #batches: JournalBatch<LoggedRecord>[] = [];
  /** Attempts that a callback may absorb, oldest first: most callbacks are answered in this order. */
  readonly #attempts: DeliveryRecord[] = [];
  #length = 0;

  /** @param max of records. */
  constructor(
    private readonly deliveryLog: DeliveryLog,
    private readonly max: number,
  ) {}

  get length(): number {
    return this.#length;
  }

  /** @returns false where there is no room for it. */
  add(record: DeliveryRecord): boolean {
    const { kind, webhookId, outcome, attempt } = record;
    const isFirstTry = outcome === 'taken' && attempt === 1;
    if (!isFirstTry || webhookId === null) return this.#addAlone(record);
    if (kind === 'callback') {
      const only = this.#takeAttempt(webhookId);
      if (only === null) return this.#addAlone(record);
      this.#encode(record, toOnlyAttempt(only));
      return true;
    }
    if (isRow(record)) return this.#addAlone(record);
    if (this.#length >= this.max) return false;
    this.#length++;
    if (this.#attempts.push(record) > ATTEMPTS_MAX) this.#encodeOldest();
    return true;
  }

  /** Empties the buffer. */
  takeAll(): readonly JournalBatch<LoggedRecord>[] {
    while (this.#attempts.length > 0) this.#encodeOldest();
    const batches = this.#batches;
    this.#batches = [];
    this.#length = 0;
    return batches;
  }

  /** @returns `null` where there is none, or none any more. */
  #takeAttempt(webhookId: string): DeliveryRecord | null {
    const at = this.#attempts.findIndex((attempt) => attempt.webhookId === webhookId);
    return at === -1 ? null : (this.#attempts.splice(at, 1)[0] ?? null);
  }

  #encodeOldest(): void {
    const attempt = this.#attempts.shift();
    if (attempt !== undefined) this.#encode(attempt);
  }

  #addAlone(record: DeliveryRecord): boolean {
    if (this.#length >= this.max) return false;
    this.#length++;
    this.#encode(record);
    return true;
  }

  #encode(record: DeliveryRecord, onlyAttempt?: OnlyAttempt): void {
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.length >= BATCH_MAX)
      this.#batches.push((batch = this.deliveryLog.newBatch()));
    batch.add(toLogged(this.deliveryLog.newId(record.atMs), record, onlyAttempt));
  }
}

function toOnlyAttempt({ atMs, form, endpoint, botId, asks, durationMs }: DeliveryRecord): OnlyAttempt {
  return { atMs, form, endpoint, botId, asks, durationMs: roundMs(durationMs) };
}
