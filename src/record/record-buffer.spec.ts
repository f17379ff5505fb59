import { beforeEach, describe, expect, it } from '@jest/globals';
import { attemptRecord, deliveryRecord } from '../../test/support/delivery-records.js';
import { type DeliveryRecord, RecordIds, withAttempts } from './delivery-record.js';
import { RecordBuffer } from './record-buffer.js';

let buffer: RecordBuffer;

beforeEach(() => {
  buffer = new RecordBuffer(10);
});

function taken(...records: readonly DeliveryRecord[]): readonly DeliveryRecord[] {
  for (const record of records) buffer.add(record);
  expect(buffer.length).toBe(buffer.takeAll().length);
  for (const record of records) buffer.add(record);
  return buffer.takeAll();
}

const attempt = attemptRecord({ form: 'decrypted', durationMs: 3.5 });
const callback = deliveryRecord({ durationMs: 4.25 });
const other = deliveryRecord({ webhookId: 'msg_2' });

describe('a callback whose event was taken by its only attempt', () => {
  it('is one record, from which both are told', () => {
    const records = taken(attempt, other, callback);
    const { form, endpoint, durationMs } = attempt;
    expect(records).toEqual([{ ...callback, onlyAttempt: { form, endpoint, durationMs } }, other]);
    const ids = new RecordIds();
    const logged = records.map((record) => ids.toLogged(record));
    const [first] = logged;
    expect(withAttempts(logged)).toEqual([
      { ...attempt, id: first?.id, replica: first?.replica },
      { ...callback, id: first?.id, replica: first?.replica },
      logged[1],
    ]);
  });

  it('does not take up the attempt of another one', () => {
    expect(taken(attempt, other)).toEqual([attempt, other]);
    const repeat = deliveryRecord({ attempt: 0, outcome: 'ignored' });
    expect(taken(attempt, callback, repeat, callback)).toHaveLength(3);
  });

  it('has room in it where there is no more room', () => {
    expect(Array.from({ length: 10 }, (_, n) => buffer.add(n === 9 ? attempt : other))).not.toContain(false);
    expect([buffer.add(other), buffer.add(callback), buffer.add(callback)]).toEqual([false, true, false]);
    expect(buffer.takeAll()).toHaveLength(10);
    expect(buffer.add(callback)).toBe(true);
  });

  it('does not take up what was written before', () => {
    buffer.add(attempt);
    expect(buffer.takeAll()).toEqual([attempt]);
    buffer.add(other);
    buffer.add(callback);
    expect(buffer.takeAll()).toEqual([other, callback]);
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
])('the attempt at an event that %s has a record of its own', (_what, one, answered) => {
  expect(taken(one, answered)).toEqual([one, answered]);
});
