import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { Outbox, OutboxCounts } from '../dispatch/outbox/outbox.js';
import type { StorageProbe } from './storage-probe.js';
import { StoreReport } from './store-report.js';

const COUNTS: OutboxCounts = { waiting: 1, parked: 0, dead: 0, unreadable: 0, oldestWaitingAtMs: null };
const ASKED_EVERY_MS = 5_000;

let clock: ManualClock;
let asked: number;
let isDown: boolean;
let report: StoreReport;

beforeEach(() => {
  clock = new ManualClock();
  asked = 0;
  isDown = false;
  const answer = async <T>(value: T): Promise<T> => {
    if (isDown) throw new Error('away');
    return value;
  };
  const check = (): Promise<void> => {
    asked++;
    return answer(undefined);
  };
  const storage = { kind: 'mongodb', check } as StorageProbe;
  const outbox = { counts: () => answer(COUNTS) } as unknown as Outbox;
  report = new StoreReport(storage, outbox, clock);
});

it('asks once for all who ask at a time', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => report.latest()));
  expect(answers).toEqual(Array(3).fill({ isUp: true, counts: COUNTS }));
  expect(asked).toBe(1);
});

it('gives an answer again for 5 s, be it good or bad', async () => {
  isDown = true;
  expect(await report.latest()).toEqual({ isUp: false, counts: null });
  isDown = false;
  await clock.advance(ASKED_EVERY_MS - 1);
  expect(await report.latest()).toEqual({ isUp: false, counts: null });
  await clock.advance(1);
  expect(await report.latest()).toEqual({ isUp: true, counts: COUNTS });
  expect(asked).toBe(2);
});
