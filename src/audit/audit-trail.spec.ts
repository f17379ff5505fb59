import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryAuditLog } from '../../test/support/memory-journals.js';
import type { AnsweredCall } from '../http/access/audit-hook.js';
import { AppError } from '../kernel/app-error.js';
import { Metrics } from '../metrics/metrics.js';
import type { AuditEntry } from './audit-entry.js';
import { AuditMetrics } from './audit-metrics.js';
import { AuditTrail } from './audit-trail.js';

class FailingLog extends MemoryAuditLog {
  isAway = false;
  isSilent = false;

  override async append(entries: readonly AuditEntry[]): Promise<void> {
    if (this.isSilent) return new Promise(() => {});
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    await super.append(entries);
  }
}

let clock: ManualClock;
let auditLog: FailingLog;
let metrics: AuditMetrics;
let lines: { readonly msg: string; readonly [field: string]: unknown }[];
let trail: AuditTrail;

beforeEach(() => {
  [clock, auditLog, metrics, lines] = [
    new ManualClock(),
    new FailingLog(),
    new AuditMetrics(new Metrics()),
    [],
  ];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  trail = new AuditTrail(auditLog, metrics, clock, clock, log);
});

const callOf = (path: string, operator: string | null = 'alice'): AnsweredCall => ({
  operator,
  method: 'DELETE',
  route: '/api/v1/bots/:id',
  path,
  subject: null,
  fields: null,
  status: 200,
  from: '10.0.0.1',
  requestId: 'request-1',
});

const kept = () => auditLog.table.map(({ path }) => path);

it('keeps each call with its time', async () => {
  trail.record(callOf('/one'), 'change');
  await clock.advance(1_000);
  trail.record(callOf('/two'), 'change');
  await clock.advance(0);
  expect(auditLog.table).toMatchObject([
    { ...callOf('/one'), atMs: clock.nowMs() - 1_000 },
    { ...callOf('/two'), atMs: clock.nowMs() },
  ]);
});

describe('while the store is away', () => {
  beforeEach(() => {
    auditLog.isAway = true;
  });

  it('calls wait, are kept once it answers, and the trouble is told once', async () => {
    trail.record(callOf('/one'), 'change');
    await clock.advance(3_000);
    trail.record(callOf('/two'), 'change');
    await clock.advance(2_000);
    expect(kept()).toEqual([]);
    auditLog.isAway = false;
    await clock.advance(2_000);
    expect(kept()).toEqual(['/one', '/two']);
    expect(lines.filter(({ level }) => level === 40)).toMatchObject([{ msg: 'audit.write_failed' }]);
    expect(metrics.dropped.store.value).toBe(0);
  });

  it('of too many calls the later ones are in the log of the process, and counted', async () => {
    for (let n = 0; n < 1_002; n++) trail.record(callOf(`/${n}`), 'change');
    expect(metrics.dropped.store.value).toBe(2);
    const lost = lines.filter(({ msg }) => msg === 'audit.entry_lost');
    expect(lost).toMatchObject([{ path: '/1000', operator: 'alice', level: 50 }, { path: '/1001' }]);
  });

  it('what waits at a stop is tried once more, and is then in the log of the process', async () => {
    trail.record(callOf('/one'), 'change');
    await clock.advance(0);
    await trail.onApplicationShutdown();
    expect(lines.filter(({ msg }) => msg === 'audit.entry_lost')).toMatchObject([{ path: '/one' }]);
    expect(clock.pendingTimers).toBe(0);
  });
});

it('a stop waits 2 s for a store that does not answer, and what waits is in the log of the process', async () => {
  auditLog.isSilent = true;
  trail.record(callOf('/one'), 'change');
  await clock.advance(0);
  let isOver = false;
  const stop = trail.onApplicationShutdown().then(() => {
    isOver = true;
  });
  await clock.advance(1_999);
  expect(isOver).toBe(false);
  await clock.advance(1);
  await stop;
  expect(lines.filter(({ msg }) => msg === 'audit.entry_lost')).toMatchObject([{ path: '/one' }]);
  expect(clock.pendingTimers).toBe(0);
});

it('keeps 20 failed sign-ins an hour, so that nobody pushes out what operators did', async () => {
  for (let n = 0; n < 25; n++) trail.record(callOf('/console/session', null), 'sign_ins');
  trail.record(callOf('/one'), 'change');
  await clock.advance(0);
  expect([kept().length, metrics.dropped.sign_ins.value]).toEqual([21, 5]);
  await clock.advance(5_000);
  expect(kept()).toHaveLength(22);
  await clock.advance(3_600_000);
  trail.record(callOf('/console/session', null), 'sign_ins');
  await clock.advance(0);
  expect(kept()).toHaveLength(23);
});

it.each(['refused', 'sign_ins'] as const)(
  'keeps 100 an hour of each operator that can be repeated at will, so that no reader pushes out the others: %s',
  async (kind) => {
    for (let n = 0; n < 103; n++) trail.record(callOf('/of-alice'), kind);
    trail.record(callOf('/of-bob', 'bob'), kind);
    trail.record(callOf('/one'), 'change');
    await clock.advance(0);
    expect([kept().length, metrics.dropped[kind].value]).toEqual([102, 3]);
    expect(kept().slice(-2)).toEqual(['/of-bob', '/one']);
    await clock.advance(5_000);
    expect(auditLog.table.filter(({ times }) => times > 1)).toMatchObject([{ operator: 'alice', times: 3 }]);
    await clock.advance(3_600_000);
    trail.record(callOf('/of-alice'), kind);
    await clock.advance(0);
    expect(kept()).toHaveLength(104);
  },
);
