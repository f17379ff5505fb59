import { beforeEach, describe, expect, it } from '@jest/globals';
import { attemptRecord, deliveryRecord } from '../../test/support/delivery-records.js';
import { MemoryDeliveryLog } from '../../test/support/memory-journals.js';
import { type DeliveryRecord, type LoggedRecord, withAttempts } from './delivery-record.js';
import { RecordBuffer } from './record-buffer.js';

let deliveryLog: MemoryDeliveryLog;
let buffer: RecordBuffer;

beforeEach(() => {
  deliveryLog = new MemoryDeliveryLog();
  buffer = new RecordBuffer(deliveryLog, 10);
});

async function takeAll(): Promise<readonly LoggedRecord[]> {
  deliveryLog.journals.tables.get('deliveries')?.clear();
  for (const batch of buffer.takeAll()) await batch.write();
  return [...deliveryLog.table];
}

async function taken(...records: readonly DeliveryRecord[]): Promise<readonly LoggedRecord[]> {
  for (const record of records) buffer.add(record);
  const { length } = buffer;
  const written = await takeAll();
  expect([length, buffer.length]).toEqual([written.length, 0]);
  expect(written.map(({ id }) => id).toSorted()).toEqual(written.map(({ id }) => id));
  return written;
}

const like = (...records: readonly DeliveryRecord[]) =>
  records.map((record) => expect.objectContaining({ ...record }));

const callback = deliveryRecord({ durationMs: 4.25 });
const attempt = attemptRecord({ atMs: callback.atMs - 1, form: 'decrypted', durationMs: 3.5 });
const other = deliveryRecord({ webhookId: 'msg_2' });

describe('a callback whose event was taken by its only attempt', () => {
  it('is one record, from which both are told', async () => {
    const records = await taken(attempt, other, callback);
    const { atMs, form, endpoint, botId, asks, durationMs } = attempt;
    const onlyAttempt = { atMs, form, endpoint, botId, asks, durationMs };
    expect(records).toEqual(like(other, { ...callback, onlyAttempt }));
    const { id, replica, signs } = records[1] ?? {};
    expect(withAttempts(records)).toEqual([
      records[0],
      { ...attempt, id, replica, signs },
      { ...callback, id, replica, signs },
    ]);
  });

  it('does not take up the attempt of another one', async () => {
    expect(await taken(attempt, other)).toEqual(like(other, attempt));
    const repeat = deliveryRecord({ attempt: 0, outcome: 'ignored' });
    expect(await taken(attempt, callback, repeat, callback)).toHaveLength(3);
  });

  it('takes up one attempt, and another one has a record of its own', async () => {
    expect(await taken(attempt, attempt, callback)).toHaveLength(2);
  });

  it('has room in it where there is no more room', async () => {
    expect(Array.from({ length: 10 }, (_, n) => buffer.add(n === 9 ? attempt : other))).not.toContain(false);
    expect([buffer.add(other), buffer.add(callback), buffer.add(callback)]).toEqual([false, true, false]);
    expect(await takeAll()).toHaveLength(10);
    expect(buffer.add(callback)).toBe(true);
  });

  it('is awaited while 64 other attempts end, and no longer', async () => {
    buffer = new RecordBuffer(deliveryLog, 100);
    const attempts = Array.from({ length: 65 }, (_, n) => attemptRecord({ webhookId: `msg-${n}` }));
    const callbackOf = (n: number) => deliveryRecord({ webhookId: `msg-${n}` });
    const records = await taken(...attempts, callbackOf(0), callbackOf(1));
    const kindsOf = (webhookId: string) =>
      records.filter((record) => record.webhookId === webhookId).map(({ kind }) => kind);
    expect([kindsOf('msg-0'), kindsOf('msg-1')]).toEqual([['attempt', 'callback'], ['callback']]);
  });

  it('does not take up what was written before', async () => {
    expect(await taken(attempt)).toEqual(like(attempt));
    expect(await taken(other, callback)).toEqual(like(other, callback));
  });
});

it.each<[string, DeliveryRecord, DeliveryRecord]>([
  ['was kept', attempt, deliveryRecord({ outcome: 'kept' })],
  ['was taken by a second attempt', attemptRecord({ attempt: 2 }), deliveryRecord({ attempt: 2 })],
  ['was not taken', attemptRecord({ outcome: 'not_taken' }), deliveryRecord({ outcome: 'not_taken' })],
  [
    'was taken so slowly that it may have been answered before',
    attemptRecord({ durationMs: 1_000 }),
    callback,
  ],
  ['was taken on another occasion', attemptRecord({ occasion: 'due' }), callback],
])('the attempt at an event that %s has a record of its own', async (_what, one, answered) => {
  const records = await taken(one, answered);
  expect(records).toHaveLength(2);
  expect(records).toEqual(expect.arrayContaining(like(one, answered)));
});
