import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { pino } from 'pino';
import { type DeliveryRecord, RecordIds } from '../../src/record/delivery-record.js';
import { SegmentBatch } from '../../src/storage/embedded/segment-batch.js';
import { SegmentFolder } from '../../src/storage/embedded/segment-folder.js';
import { bytesOf, SegmentWriter } from '../../src/storage/embedded/segment-writer.js';
import { newOpenKfId } from '../../test/support/wecom.js';

const WRITTEN_TOGETHER = 5_000;
/** Within the days that are kept by default. */
const REACH_MS = 70 * 3_600_000;
/** As those are compressed that are written here. */
const BYTES_PER_RECORD = 55;
const ENDPOINT = 'http://puppet.bots.svc.cluster.local:8080';

/**
 * Writes the log of an embedded store that nobody has open, until it has that many bytes: callbacks that were taken, of so many
 * accounts in turn, over the last 70 hours.
 * @returns how many.
 */
export async function fillDeliveryLog(dataDir: string, accounts: number, bytes: number): Promise<number> {
  mkdirSync(dataDir, { recursive: true });
  const writer = new SegmentWriter(new SegmentFolder(dataDir), 2 * bytes, pino({ level: 'silent' }));
  const ids = new RecordIds();
  const openKfIds = Array.from({ length: accounts }, newOpenKfId);
  const fromMs = Date.now() - REACH_MS;
  const stepMs = REACH_MS / (bytes / BYTES_PER_RECORD);
  let written = 0;
  while (bytesOf(await writer.list()) < bytes) {
    const batch = new SegmentBatch((self) => writer.append(self));
    for (let n = 0; n < WRITTEN_TOGETHER; n++, written++) {
      const openKfId = openKfIds[written % accounts] ?? '';
      const atMs = Math.min(Date.now(), Math.floor(fromMs + written * stepMs));
      batch.add(ids.toLogged(takenAt(atMs, openKfId)));
    }
    await batch.write();
  }
  await writer.close();
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
    endpoint: null,
    status: 200,
    stage: null,
    reason: null,
    durationMs: durationMs + 1,
    source: null,
    onlyAttempt: { form: 'encrypted', endpoint: ENDPOINT, durationMs },
  };
}
