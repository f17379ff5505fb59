import type { DeliveryLog, RecordBatch } from './delivery-log.js';
import { type DeliveryRecord, isRow, type OnlyAttempt, RecordIds } from './delivery-record.js';

/** Records that are written together, and are lost together where the store fails. */
export const BATCH_MAX = 1_000;

/** Records that are about to be written. A callback takes up the attempt by which its event was taken at once. */
export class RecordBuffer {
  readonly #ids = new RecordIds();
  #batches: RecordBatch[] = [];
  /**
   * Attempts that a callback may take up, by webhook-id; `null` once one did. No key is removed, and each batch has a new map: where
   * keys come and go in a map that lives long, V8 allocates its table again and again in the old part of the heap.
   */
  #attempts = new Map<string, DeliveryRecord | null>();
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
    const only = this.#attempts.get(webhookId) ?? null;
    if (kind === 'callback' && only !== null) {
      this.#attempts.set(webhookId, null);
      this.#encode(record, toOnlyAttempt(only));
      return true;
    }
    if (isRow(record) || only !== null) return this.#addAlone(record);
    if (this.#length >= this.max) return false;
    this.#length++;
    this.#attempts.set(webhookId, record);
    return true;
  }

  /** Gives what is in it and is empty then. */
  takeAll(): readonly RecordBatch[] {
    for (const attempt of this.#attempts.values()) if (attempt !== null) this.#encode(attempt);
    const batches = this.#batches;
    this.#batches = [];
    this.#attempts = new Map();
    this.#length = 0;
    return batches;
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
    batch.add(this.#ids.toLogged(record, onlyAttempt));
  }
}

function toOnlyAttempt({ form, endpoint, durationMs }: DeliveryRecord): OnlyAttempt {
  return { form, endpoint, durationMs };
}
