import { type DeliveryRecord, isRow } from './delivery-record.js';

/** Records that are about to be written. A callback takes up the attempt by which its event was taken at once. */
export class RecordBuffer {
  #records: DeliveryRecord[] = [];
  /** The places of attempts that a callback may take up, by webhook-id. */
  readonly #attempts = new Map<string, number>();

  get length(): number {
    return this.#records.length;
  }

  add(record: DeliveryRecord): void {
    const { kind, webhookId, outcome, attempt } = record;
    if (outcome === 'taken' && attempt === 1 && webhookId !== null) {
      const place = kind === 'callback' ? this.#attempts.get(webhookId) : undefined;
      const only = place === undefined ? undefined : this.#records[place];
      if (place !== undefined && only !== undefined) {
        this.#attempts.delete(webhookId);
        this.#records[place] = withAttempt(record, only);
        return;
      }
      if (!isRow(record)) this.#attempts.set(webhookId, this.#records.length);
    }
    this.#records.push(record);
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
