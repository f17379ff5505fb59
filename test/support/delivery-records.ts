import { expect } from '@jest/globals';
import type { DeliveryLog } from '../../src/log/delivery-log.js';
import { type DeliveryRecord, type LoggedRecord, toLogged } from '../../src/log/delivery-record.js';
import { JournalIds } from '../../src/storage/journal/journal.js';

/** Gives records their ids, as what is about to be written gets them. */
export class RecordIds {
  readonly #ids = new JournalIds();

  toLogged(record: DeliveryRecord): LoggedRecord {
    return toLogged(this.#ids.next(record.atMs), record);
  }
}

/** Writes them in one batch. */
export async function append(deliveryLog: DeliveryLog, records: readonly LoggedRecord[]): Promise<void> {
  const batch = deliveryLog.newBatch();
  for (const record of records) batch.add(record);
  expect(batch.length).toBe(records.length);
  await batch.write();
}

/** A callback whose event was taken at once. */
export function deliveryRecord(fields: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return {
    kind: 'callback',
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    corpId: 'wwCorp_1',
    openKfId: 'wkAccount-1',
    webhookId: 'msg_1',
    outcome: 'taken',
    form: 'encrypted',
    occasion: null,
    attempt: 1,
    ...{ endpoint: null, botId: null, asks: null },
    status: 200,
    stage: null,
    reason: null,
    durationMs: 4.25,
    source: null,
    onlyAttempt: null,
    ...fields,
  };
}

/** An attempt, on the occasion of its callback. */
export function attemptRecord(fields: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return deliveryRecord({ kind: 'attempt', occasion: 'inline', endpoint: 'http://puppet:8080', ...fields });
}
