import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { append, deliveryRecord, RecordIds } from '../../test/support/delivery-records.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MEMORY_LOG_KEPT_MS, MemoryDeliveryLog } from '../../test/support/memory-journals.js';
import { Metrics } from '../metrics/metrics.js';
import { BUFFERED_MAX, DeliveryRecorder, FLUSH_MS } from './delivery-recorder.js';
import type { JournalBatch } from '../storage/journal/journal.js';
import { type LoggedRecord, toSignRecord } from './delivery-record.js';
import { BATCH_MAX } from './record-buffer.js';
import { LogMetrics } from './log-metrics.js';
import { Past } from './past.js';
import { SignRecorder } from './sign-recorder.js';
import type { RecordStore } from '../storage/records/records.js';

/** One whose writes can be held or refused. */
class StubbornLog extends MemoryDeliveryLog {
  readonly batches: number[] = [];
  before: () => Promise<void> = async () => {};

  override newBatch(): JournalBatch<LoggedRecord> {
    const batch = super.newBatch();
    const write = batch.write;
    batch.write = async () => {
      this.batches.push(batch.length);
      await this.before();
      await write();
    };
    return batch;
  }
}

let clock: ManualClock;
let deliveryLog: StubbornLog;
let metrics: LogMetrics;
let lines: Record<string, unknown>[];

beforeEach(() => {
  clock = new ManualClock();
  deliveryLog = new StubbornLog();
  lines = [];
  metrics = new LogMetrics(new Metrics(), deliveryLog);
});

function open(): DeliveryRecorder {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const past = new Past(clock);
  const signs = new SignRecorder(past, deliveryLog, { isShared: false } as RecordStore, clock, clock, log);
  return new DeliveryRecorder(deliveryLog, past, metrics, clock, clock, log, signs);
}

function add(recorder: DeliveryRecorder, count: number): void {
  for (let n = 0; n < count; n++)
    recorder.add(deliveryRecord({ webhookId: `msg_${n}`, atMs: clock.nowMs() }));
}

const dropped = () => ({ buffer: metrics.dropped.buffer.value, store: metrics.dropped.store.value });
const away = async (): Promise<void> => {
  throw new Error('the store is away');
};
/** Holds what is written until it is let go. */
function hold(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  deliveryLog.before = () => promise;
  return () => {
    deliveryLog.before = async () => {};
    resolve();
  };
}

describe('what is added', () => {
  it('is written together, 250 ms later, in its order', async () => {
    const recorder = open();
    add(recorder, 3);
    await clock.advance(FLUSH_MS - 1);
    expect(deliveryLog.batches).toEqual([]);
    await clock.advance(1);
    await clock.advance(0);
    expect(deliveryLog.batches).toEqual([3]);
    expect(deliveryLog.table.map(({ webhookId }) => webhookId)).toEqual(['msg_0', 'msg_1', 'msg_2']);
    const ids = deliveryLog.table.map(({ id }) => id);
    expect(ids.toSorted()).toEqual(ids);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is written in batches that block nobody', async () => {
    const recorder = open();
    add(recorder, 2 * BATCH_MAX + 7);
    await clock.advance(FLUSH_MS);
    await clock.advance(0);
    expect(deliveryLog.batches).toEqual([BATCH_MAX, BATCH_MAX, 7]);
  });

  it('during a write is written with the next one', async () => {
    const recorder = open();
    const letGo = hold();
    add(recorder, 1);
    await clock.advance(FLUSH_MS);
    add(recorder, 2);
    await clock.advance(10 * FLUSH_MS);
    expect(deliveryLog.batches).toEqual([1]);
    letGo();
    await clock.advance(FLUSH_MS);
    await clock.advance(0);
    expect(deliveryLog.batches).toEqual([1, 2]);
    expect(dropped()).toEqual({ buffer: 0, store: 0 });
  });

  it('beyond the bound is dropped and counted, until there is room again', async () => {
    const recorder = open();
    const letGo = hold();
    add(recorder, 1);
    await clock.advance(FLUSH_MS);
    add(recorder, BUFFERED_MAX + 7);
    expect(dropped()).toEqual({ buffer: 7, store: 0 });
    letGo();
    await clock.advance(FLUSH_MS);
    await clock.advance(0);
    add(recorder, 1);
    expect(dropped()).toEqual({ buffer: 7, store: 0 });
    expect(deliveryLog.table).toHaveLength(BUFFERED_MAX + 1);
  });

  it('is nothing where there is no log', async () => {
    deliveryLog = new StubbornLog(undefined, 0);
    const recorder = open();
    recorder.onApplicationBootstrap();
    add(recorder, 3);
    expect([recorder.isOn, dropped()]).toEqual([false, { buffer: 0, store: 0 }]);
    await recorder.onApplicationShutdown();
    expect(clock.pendingTimers).toBe(0);
    expect(deliveryLog.batches).toEqual([]);
  });

  it('earlier is removed where there is no log any more', async () => {
    await append(deliveryLog, [new RecordIds().toLogged(deliveryRecord({ atMs: clock.nowMs() }))]);
    deliveryLog = new StubbornLog(deliveryLog.journals, 0);
    open().onApplicationBootstrap();
    expect(deliveryLog.table).toHaveLength(0);
  });

  it('by replicas for each other stays for an hour where there is no log, also when one of them starts', async () => {
    deliveryLog = new StubbornLog(deliveryLog.journals, 0);
    const signs = { outcomes: [], reads: [], forgotten: [] };
    await append(deliveryLog, [toSignRecord(deliveryLog.newId(clock.nowMs()), clock.nowMs(), signs)]);
    const recorder = open();
    recorder.onApplicationBootstrap();
    expect(deliveryLog.table).toHaveLength(1);
    await clock.advance(3_600_000);
    expect(deliveryLog.table).toHaveLength(1);
    await clock.advance(60_000);
    expect(deliveryLog.table).toHaveLength(0);
    await recorder.onApplicationShutdown();
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('while the store is away', () => {
  it('what was to be written is counted, told once, and whoever adds sees nothing of it', async () => {
    const recorder = open();
    deliveryLog.before = away;
    for (let round = 0; round < 3; round++) {
      add(recorder, 2);
      await clock.advance(FLUSH_MS);
      await clock.advance(0);
    }
    expect(dropped()).toEqual({ buffer: 0, store: 6 });
    expect(lines).toMatchObject([{ level: 40, msg: 'deliverylog.append_failed', records: 2 }]);
    deliveryLog.before = async () => {};
    add(recorder, 1);
    await clock.advance(FLUSH_MS);
    await clock.advance(0);
    expect(deliveryLog.table).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });
});

describe('a stop', () => {
  it('writes what is left', async () => {
    const recorder = open();
    recorder.onApplicationBootstrap();
    add(recorder, 3);
    await recorder.onApplicationShutdown();
    expect(deliveryLog.table).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('writes also what came during a write', async () => {
    const recorder = open();
    const letGo = hold();
    add(recorder, 1);
    await clock.advance(FLUSH_MS);
    add(recorder, 2);
    const stopped = recorder.onApplicationShutdown();
    letGo();
    await stopped;
    expect(deliveryLog.table).toHaveLength(3);
  });

  it('takes 2 s at most, and drops what comes after it', async () => {
    const recorder = open();
    hold();
    add(recorder, 1);
    let isStopped = false;
    const stopped = recorder.onApplicationShutdown().then(() => (isStopped = true));
    await clock.advance(1_999);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopped;
    add(recorder, 1);
    expect(dropped()).toEqual({ buffer: 1, store: 0 });
  });
});

it('sweeps every minute', async () => {
  const recorder = open();
  recorder.onApplicationBootstrap();
  add(recorder, 1);
  await clock.advance(120_000);
  expect(deliveryLog.table).toHaveLength(1);
  await clock.advance(MEMORY_LOG_KEPT_MS);
  expect(deliveryLog.table).toHaveLength(0);
  await recorder.onApplicationShutdown();
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
});
