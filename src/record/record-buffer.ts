import { type DeliveryRecord, isRow } from './delivery-record.js';

/** Records that are about to be written. A callback takes up the attempt by which its event was taken at once. */
export class RecordBuffer {
  readonly #max: number;
  #records: DeliveryRecord[] = [];
  /** The places of attempts that a callback may take up, by webhook-id. */
  readonly #attempts = new Map<string, number>();

  /** @param max of records. */
  constructor(max: number) {
    this.#max = max;
  }

  get length(): number {
    return this.#records.length;
  }

  /** @returns false where there is no room for it. */
  add(record: DeliveryRecord): boolean {
    const { kind, webhookId, outcome, attempt } = record;
    if (outcome === 'taken' && attempt === 1 && webhookId !== null) {
      const place = kind === 'callback' ? this.#attempts.get(webhookId) : undefined;
      const only = place === undefined ? undefined : this.#records[place];
      if (place !== undefined && only !== undefined) {
        this.#attempts.delete(webhookId);
        this.#records[place] = withAttempt(record, only);
        return true;
      }
      if (!isRow(record) && this.#records.length < this.#max)
        this.#attempts.set(webhookId, this.#records.length);
    }
    if (this.#records.length >= this.#max) return false;
    this.#records.push(record);
    return true;
  }

  /** Gives what is in it, the oldest first, and is empty then. */
  takeAll(): readonly DeliveryRecord[] {
    const records = this.#records;
    this.#records = [];
    this.#attempts.clear();
    return records;
  }
}

function withAttempt(
  callback: DeliveryRecord,
  { form, endpoint, durationMs }: DeliveryRecord,
): DeliveryRecord {
  return { ...callback, onlyAttempt: { form, endpoint, durationMs } };
}
