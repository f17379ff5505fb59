import { expect, it } from '@jest/globals';
import { failedOnce, heardTogether, together, type WecomOutcome, wentWell } from './outcome.js';

const NOTHING: WecomOutcome = {
  ...{ subject: 'replies', corpId: 'ww1', botId: null, openKfId: 'wk1', api: '' },
  ...{ okAtMs: 0, failures: 0, sinceMs: 0, atMs: 0, why: '' },
};
const failed = (sinceMs: number, atMs: number, failures = 1): Partial<WecomOutcome> => ({
  ...{ sinceMs, atMs, failures, why: String(atMs) },
});
const sum = (one?: Partial<WecomOutcome>, other?: Partial<WecomOutcome>) =>
  together({ ...NOTHING, ...one }, { ...NOTHING, ...other });

it.each<[string, Partial<WecomOutcome>[], Partial<WecomOutcome>]>([
  ['one that went well', [{ okAtMs: 5 }, { okAtMs: 9 }], { okAtMs: 9, failures: 0 }],
  [
    'failures of both, since the first',
    [failed(3, 5), failed(2, 9, 2)],
    { failures: 3, sinceMs: 2, atMs: 9, why: '9' },
  ],
  ['a failure that went well at another replica since', [failed(3, 5), { okAtMs: 6 }], { failures: 0 }],
  ['a failure after it went well at another', [failed(7, 8), { okAtMs: 6 }], { failures: 1, sinceMs: 7 }],
  ['one of which only the newer failures count', [failed(3, 8), { okAtMs: 6 }], { failures: 1, sinceMs: 6 }],
])('replicas see together %s', (_what, all, expected) => {
  expect(sum(...all)).toMatchObject(expected);
  expect(sum(...all.toReversed())).toMatchObject(expected);
});

it('in one millisecond, what was heard of later counts', () => {
  expect(sum(failed(5, 5), { okAtMs: 5 })).toMatchObject({ okAtMs: 5, failures: 0 });
  expect(sum({ okAtMs: 5 }, failed(5, 5))).toMatchObject({ okAtMs: 5, failures: 1, sinceMs: 5 });
});

it('a failure that is told twice counts once, and one that is new counts', () => {
  const [first, second] = [failedOnce(NOTHING, '45009', 10), failedOnce(NOTHING, '45009', 20)];
  const both = heardTogether(first, second);
  expect(both).toMatchObject({ failures: 2, sinceMs: 10, atMs: 20 });
  expect(heardTogether(both, second)).toMatchObject({ failures: 2 });
  expect(heardTogether(both, both)).toMatchObject({ failures: 2 });
  const later = together(second, failedOnce(NOTHING, '45009', 30));
  expect(heardTogether(both, later)).toMatchObject({ failures: 3, sinceMs: 10, atMs: 30 });
  expect(heardTogether(both, wentWell(NOTHING, 25))).toMatchObject({ failures: 0, okAtMs: 25 });
});
