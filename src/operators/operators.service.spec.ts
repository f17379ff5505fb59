import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryRecords, RecordData } from '../../test/support/memory-records.js';
import { AppError } from '../kernel/app-error.js';
import { KnownOperators } from './known-operators.js';
import { ENDED_SESSIONS, ENDED_SESSIONS_MAX, OPERATORS, surplusBeside } from './operator.js';
import { OperatorSync } from './operator-sync.js';
import { OperatorsService } from './operators.service.js';

const ASKED = { from: '10.0.0.1', requestId: 'request-1' };

let clock: ManualClock;
let data: RecordData;
let lines: string[];
let known: KnownOperators;
let service: OperatorsService;

const log = () => pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });

beforeEach(() => {
  [clock, data, lines] = [new ManualClock(), new RecordData(), []];
  const records = new MemoryRecords(data);
  known = new KnownOperators(records, clock);
  service = new OperatorsService(known, records, clock, log());
});

describe('an operator', () => {
  it('gets a token that is known by its hash alone, and is logged nowhere', async () => {
    const { operator, token } = await service.add('alice', 'reader', ASKED);
    expect(token.reveal()).toMatch(/^wxop_[\w-]{43}$/);
    expect(known.findByToken(token.reveal())).toMatchObject({ name: 'alice', role: 'reader' });
    expect(JSON.stringify([...data.of(OPERATORS).records])).not.toContain(token.reveal());
    expect(lines.join('')).not.toContain('wxop_');
    expect(await service.after('', 10)).toMatchObject([{ name: 'alice', createdAtMs: operator.createdAtMs }]);
  });

  it('is added once', async () => {
    await service.add('alice', 'reader', ASKED);
    await expect(service.add('alice', 'admin', ASKED)).rejects.toMatchObject({ code: 'OPERATOR_EXISTS' });
  });

  it('that gets another token has no longer the one before', async () => {
    const before = await service.add('alice', 'admin', ASKED);
    const { token } = await service.renew('alice', ASKED);
    expect(known.findByToken(before.token.reveal())).toBeNull();
    expect(known.findByToken(token.reveal())).toMatchObject({ name: 'alice', role: 'admin' });
    await expect(service.renew('bob', ASKED)).rejects.toMatchObject({ code: 'OPERATOR_NOT_FOUND' });
  });

  it('that is removed is let in no more, and is not removed twice', async () => {
    const { token } = await service.add('alice', 'admin', ASKED);
    await service.remove('alice', ASKED);
    expect(known.findByToken(token.reveal())).toBeNull();
    await expect(service.remove('alice', ASKED)).rejects.toMatchObject({ code: 'OPERATOR_NOT_FOUND' });
  });
});

it('the operators are not taken for known before they were once taken from the store', async () => {
  const unread = new KnownOperators(new MemoryRecords(data), clock);
  expect(unread.mayBecomeKnown('wxop_x')).toBe(true);
  await unread.read();
  expect(unread.mayBecomeKnown('wxop_x')).toBe(false);
});

it('a stop waits 2 s for a store that does not answer', async () => {
  const records = new MemoryRecords(data);
  const here = new KnownOperators(records, clock);
  const sync = new OperatorSync(here, clock, log());
  await sync.start();
  records.meanwhile = () => new Promise(() => {});
  here.endSession({ id: 'session', tokenId: '', endMs: clock.nowMs() + 3_600_000 });
  const stop = sync.onApplicationShutdown();
  await clock.advance(2_000);
  await stop;
  expect(clock.pendingTimers).toBe(0);
});

it('every replica knows within 2 s whom another one has added or removed', async () => {
  const elsewhere = new KnownOperators(new MemoryRecords(data), clock);
  const sync = new OperatorSync(elsewhere, clock, log());
  await sync.start();
  const { token } = await service.add('alice', 'admin', ASKED);
  await clock.advance(2_000);
  expect(elsewhere.findByToken(token.reveal())).not.toBeNull();
  await service.remove('alice', ASKED);
  await clock.advance(2_000);
  expect(elsewhere.findByToken(token.reveal())).toBeNull();
  await sync.onApplicationShutdown();
});

it('a session that ended while the store was away is stored once it answers, and has ended here at once', async () => {
  const records = new MemoryRecords(data);
  const here = new KnownOperators(records, clock);
  const sync = new OperatorSync(here, clock, log());
  await sync.start();
  const { meanwhile } = records;
  records.meanwhile = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
  here.endSession({ id: 'session', tokenId: '', endMs: clock.nowMs() + 3_600_000 });
  expect(here.isEnded('session')).toBe(true);
  await clock.advance(4_000);
  expect(data.of(ENDED_SESSIONS).records.size).toBe(0);
  records.meanwhile = meanwhile;
  await clock.advance(2_000);
  expect([...data.of(ENDED_SESSIONS).records.keys()]).toEqual(['session']);
  expect(here.isEnded('session')).toBe(true);
  expect(lines.filter((line) => line.includes('"level":40'))).toHaveLength(1);
  await sync.onApplicationShutdown();
});

describe('too many ended sessions of one token', () => {
  const session = (id: string, endMs: number, tokenId = 'alices') => ({ id, tokenId, endMs });
  const many = Array.from({ length: ENDED_SESSIONS_MAX }, (_, n) => session(`alice-${n}`, 10 + n));

  it('have those of it forgotten that end first by themselves', () => {
    expect(surplusBeside(session('next', 1), many)).toEqual(['alice-0']);
    expect(surplusBeside(session('alice-0', 10), many)).toEqual([]);
    expect(surplusBeside(session('next', 1), many.slice(1))).toEqual([]);
  });

  it('are no matter of another token', async () => {
    const endMs = clock.nowMs() + 3_600_000;
    known.endSession(session('bob', endMs, 'bobs'));
    for (let n = 0; n <= ENDED_SESSIONS_MAX; n++) known.endSession(session(`alice-${n}`, endMs + n));
    await known.write();
    const stored = await new MemoryRecords(data).of(ENDED_SESSIONS).load();
    expect(stored).toHaveLength(ENDED_SESSIONS_MAX + 1);
    expect(['bob', 'alice-0', 'alice-1'].map((id) => known.isEnded(id))).toEqual([true, false, true]);
  });
});
