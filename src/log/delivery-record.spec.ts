import { expect, it } from '@jest/globals';
import { attemptRecord, deliveryRecord } from '../../test/support/delivery-records.js';
import { isRow } from './delivery-record.js';

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
