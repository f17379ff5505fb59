import { randomBytes } from 'node:crypto';
import { DeliveryLog } from '../../src/log/delivery-log.js';
import { type DeliveryRecord, toLogged } from '../../src/log/delivery-record.js';
import { JournalIds } from '../../src/storage/journal/journal.js';
import { SqliteJournals } from '../../src/storage/sqlite/journal.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { newOpenKfId } from '../../test/support/wecom.js';
import { CONTENTS } from '../../src/store-contents.js';

const WRITTEN_TOGETHER = 5_000;
/** Within the days that are kept by default. */
const REACH_MS = 70 * 3_600_000;
/** As those take that are written here. */
const BYTES_PER_RECORD = 500;
const ENDPOINT = 'http://puppet.bots.svc.cluster.local:8080';

/**
 * Writes the log of an embedded store that nobody has open, until it has that many bytes: callbacks that were taken, of so many
 * accounts in turn, over the last 70 hours.
 * @returns how many.
 */
export async function fillDeliveryLog(dataDir: string, accounts: number, bytes: number): Promise<number> {
  const store = await SqliteStore.open({ dataDir }, CONTENTS);
  const limits = { deliveryLogDays: 3, deliveryLogBytesMax: 2 * bytes };
  const log = new DeliveryLog(new SqliteJournals(store), limits);
  const ids = new JournalIds();
  const openKfIds = Array.from({ length: accounts }, newOpenKfId);
  const fromMs = Date.now() - REACH_MS;
  const stepMs = REACH_MS / (bytes / BYTES_PER_RECORD);
  let written = 0;
  while ((await log.bytes()) < bytes) {
    const batch = log.newBatch();
    for (let n = 0; n < WRITTEN_TOGETHER; n++, written++) {
      const openKfId = openKfIds[written % accounts] ?? '';
      const atMs = Math.min(Date.now(), Math.floor(fromMs + written * stepMs));
      batch.add(toLogged(ids.next(atMs), takenAt(atMs, openKfId)));
    }
    await batch.write();
  }
  await store.onApplicationShutdown();
  return written;
}

function takenAt(atMs: number, openKfId: string): DeliveryRecord {
  const durationMs = 2 + Math.random() * 8;
  return {
    kind: 'callback',
    atMs,
    corpId: 'ww1234567890abcdef',
    openKfId,
    webhookId: randomBytes(32).toString('base64url'),
    outcome: 'taken',
    form: 'encrypted',
    occasion: null,
    attempt: 1,
    ...{ endpoint: null, botId: null, asks: null },
    status: 200,
    stage: null,
    reason: null,
    durationMs: durationMs + 1,
    source: null,
    onlyAttempt: { atMs, form: 'encrypted', endpoint: ENDPOINT, botId: null, asks: 'event', durationMs },
  };
}
