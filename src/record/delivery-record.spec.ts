import { expect, it } from '@jest/globals';
import { attemptRecord, deliveryRecord } from '../../test/support/delivery-records.js';
import { firstIdAt, isRecordId, isRow, RecordIds, timeOfId } from './delivery-record.js';

const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

it('ids sort by time, and in the order in which they were given', () => {
  const ids = new RecordIds();
  const times = [AT_MS, AT_MS, AT_MS + 1, AT_MS - 5_000, AT_MS + 2];
  const given = times.map((atMs) => ids.toLogged(deliveryRecord({ atMs })).id);
  expect(given.toSorted()).toEqual(given);
  expect(given.every(isRecordId)).toBe(true);
  expect(given.map(timeOfId)).toEqual([AT_MS, AT_MS, AT_MS + 1, AT_MS + 1, AT_MS + 2]);
});

it('an id is not before the first one of its time, nor after that of the next', () => {
  const { id } = new RecordIds().toLogged(deliveryRecord({ atMs: AT_MS }));
  expect(firstIdAt(AT_MS) <= id && id < firstIdAt(AT_MS + 1)).toBe(true);
  expect(isRecordId(firstIdAt(AT_MS))).toBe(false);
});

it('of the attempts of a callback only those are listed that may outlast its answer', () => {
  const records = [
    deliveryRecord(),
    attemptRecord({ durationMs: 999 }),
    attemptRecord({ durationMs: 1_000 }),
    attemptRecord({ occasion: 'probe', durationMs: 1 }),
    deliveryRecord({ kind: 'end', outcome: 'dead' }),
  ];
  expect(records.map(isRow)).toEqual([true, false, true, true, true]);
});
