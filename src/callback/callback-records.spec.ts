import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryDeliveryLog } from '../../test/support/memory-journals.js';
import { openRecorder } from '../../test/support/recorder.js';
import { AppError } from '../kernel/app-error.js';
import { Metrics } from '../metrics/metrics.js';
import type { DeliveryRecorder } from '../log/delivery-recorder.js';
import { LogMetrics } from '../log/log-metrics.js';
import { CallbackReport, type CallbackOutcome } from './callback-report.js';
import { CallbackRecords, REFUSED_PER_MINUTE } from './callback-records.js';

let clock: ManualClock;
let deliveryLog: MemoryDeliveryLog;
let recorder: DeliveryRecorder;
let metrics: LogMetrics;
let records: CallbackRecords;

beforeEach(() => {
  clock = new ManualClock();
  deliveryLog = new MemoryDeliveryLog();
  recorder = openRecorder(clock, deliveryLog);
  metrics = new LogMetrics(new Metrics(), deliveryLog);
  records = new CallbackRecords(recorder, metrics, clock, clock);
});

function answered(outcome: CallbackOutcome, error: unknown = null): void {
  const accepted = Object.assign(new CallbackReport(), { outcome, error });
  if (error === null) Object.assign(accepted, { openKfId: 'wk1', webhookId: 'msg_1', attempts: 1 });
  records.answered({ accepted, corpId: 'wwCorp_1', form: 'encrypted', from: '203.0.113.7', durationMs: 4 });
}

async function written() {
  await recorder.onApplicationShutdown();
  return deliveryLog.table;
}

it('a callback is in the log with what became of it', async () => {
  for (const outcome of ['delivered', 'pending', 'ignored'] as const) answered(outcome);
  const [first, ...others] = await written();
  expect(first).toMatchObject({ kind: 'callback', webhookId: 'msg_1', outcome: 'taken', source: null });
  expect(others.map(({ outcome }) => outcome)).toEqual(['kept', 'ignored']);
});

it('one that was refused, with the reason and where it came from', async () => {
  answered('refused', new AppError('CALLBACK_SIGNATURE_MISMATCH'));
  answered('failed', new Error('of the program'));
  expect(await written()).toMatchObject([
    { outcome: 'refused', reason: 'CALLBACK_SIGNATURE_MISMATCH', source: '203.0.113.7', webhookId: null },
    { outcome: 'failed', reason: 'INTERNAL' },
  ]);
});

it('a verification that went well is not', async () => {
  answered('verified');
  expect(await written()).toEqual([]);
});

it('of the refused ones 1,000 a minute are; others are counted', async () => {
  const refused = new AppError('CALLBACK_SIGNATURE_MISMATCH');
  for (let n = 0; n < REFUSED_PER_MINUTE + 5; n++) answered('refused', refused);
  expect(metrics.dropped.refused.value).toBe(5);
  answered('delivered');
  answered('not_taken', new AppError('DISPATCH_NOT_TAKEN'));
  await clock.advance(60_000);
  answered('refused', refused);
  expect(await written()).toHaveLength(REFUSED_PER_MINUTE + 3);
});
