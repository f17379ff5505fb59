import { beforeEach, expect, it } from '@jest/globals';
import { append, deliveryRecord, RecordIds } from '../../test/support/delivery-records.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryDeliveryLog, MemoryJournals } from '../../test/support/memory-journals.js';
import { type DeliveryRecord } from './delivery-record.js';
import { RefusedCallbacks } from './refused-callbacks.js';

const HOUR_MS = 3_600_000;

let clock: ManualClock;
let log: MemoryDeliveryLog;
let ids: RecordIds;

beforeEach(() => {
  clock = new ManualClock();
  log = new MemoryDeliveryLog();
  ids = new RecordIds();
});

async function refused(agoMs: number, fields: Partial<DeliveryRecord> = {}): Promise<void> {
  const record = deliveryRecord({
    ...{ outcome: 'refused', reason: 'CALLBACK_SIGNATURE_MISMATCH', source: '203.0.113.7', webhookId: null },
    ...fields,
    atMs: clock.nowMs() - agoMs,
  });
  await append(log, [ids.toLogged(record)]);
}

async function list(corpId: string | null = null, fromMs: number | null = null) {
  const { groups, isWhole, days } = await new RefusedCallbacks(log, clock).list(corpId, fromMs);
  return { items: groups.map(({ latest, ...counted }) => ({ ...latest, ...counted })), isWhole, days };
}
const ago = (ms: number): number => clock.nowMs() - ms;

it('are one item for each corp, reason and address, the latest first', async () => {
  await refused(3 * HOUR_MS);
  await refused(2 * HOUR_MS, { source: '203.0.113.8' });
  await refused(90_000, { reason: 'CALLBACK_CORP_UNKNOWN' });
  await refused(60_000, { form: 'verification' });
  await refused(30_000, { corpId: 'wwCorp_2' });
  await refused(20_000, { outcome: 'taken', reason: null });
  const { items, isWhole } = await list();
  expect(isWhole).toBe(true);
  expect(items).toMatchObject([
    { corpId: 'wwCorp_2', count: 1 },
    {
      ...{ corpId: 'wwCorp_1', reason: 'CALLBACK_SIGNATURE_MISMATCH', source: '203.0.113.7', count: 2 },
      ...{ form: 'verification', firstAtMs: ago(3 * HOUR_MS), atMs: ago(60_000) },
    },
    { reason: 'CALLBACK_CORP_UNKNOWN', count: 1 },
    { source: '203.0.113.8', count: 1 },
  ]);
});

it('are those of one corp, and since a time, where that is asked for; of the last day where none is', async () => {
  await refused(25 * HOUR_MS);
  await refused(2 * HOUR_MS);
  await refused(HOUR_MS, { corpId: 'wwCorp_2' });
  const countsOf = async (...asked: Parameters<typeof list>) =>
    (await list(...asked)).items.map(({ corpId, count }) => [corpId, count]);
  expect(await countsOf()).toEqual([
    ['wwCorp_2', 1],
    ['wwCorp_1', 1],
  ]);
  expect(await countsOf('wwCorp_1')).toEqual([['wwCorp_1', 1]]);
  expect(await countsOf('wwCorp_1', clock.nowMs() - 26 * HOUR_MS)).toEqual([['wwCorp_1', 2]]);
});

it('are the latest 2,000 where there are more, and says so', async () => {
  for (let n = 0; n < 2_001; n++) await refused(HOUR_MS);
  expect(await list()).toMatchObject({ items: [{ count: 2_000 }], isWhole: false });
});

it('are none where there is no log', async () => {
  await refused(HOUR_MS);
  log = new MemoryDeliveryLog(new MemoryJournals(), 0);
  expect(await list()).toEqual({ items: [], isWhole: true, days: 0 });
});
