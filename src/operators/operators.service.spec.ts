import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryOperatorRepository, OperatorTable } from '../../test/support/memory-operator.repository.js';
import { AppError } from '../kernel/app-error.js';
import { KnownOperators } from './known-operators.js';
import { OperatorSync } from './operator-sync.js';
import { OperatorsService } from './operators.service.js';

const ASKED = { from: '10.0.0.1', requestId: 'request-1' };

class FailingRepository extends MemoryOperatorRepository {
  isAway = false;
  isSilent = false;

  override async endSession(...args: Parameters<MemoryOperatorRepository['endSession']>): Promise<void> {
    if (this.isSilent) return new Promise(() => {});
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    await super.endSession(...args);
  }
}

let clock: ManualClock;
let table: OperatorTable;
let lines: string[];
let known: KnownOperators;
let service: OperatorsService;

const log = () => pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });

beforeEach(() => {
  [clock, table, lines] = [new ManualClock(), new OperatorTable(), []];
  const repository = new MemoryOperatorRepository(table);
  known = new KnownOperators(repository, clock);
  service = new OperatorsService(known, repository, clock, log());
});

describe('an operator', () => {
  it('gets a token that is known by its hash alone, and is logged nowhere', async () => {
    const { operator, token } = await service.add('alice', 'reader', ASKED);
    expect(token.reveal()).toMatch(/^wxop_[\w-]{43}$/);
    expect(known.findByToken(token.reveal())).toMatchObject({ name: 'alice', role: 'reader' });
    expect(JSON.stringify([...table])).not.toContain(token.reveal());
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
  const silent = new MemoryOperatorRepository(table);
  await silent.changes();
  const unread = new KnownOperators(silent, clock);
  await unread.read();
  expect(unread.mayBecomeKnown('wxop_x')).toBe(true);
  await service.add('alice', 'reader', ASKED);
  await unread.read();
  expect(unread.mayBecomeKnown('wxop_x')).toBe(false);
});

it('a stop waits 2 s for a store that does not answer', async () => {
  const repository = new FailingRepository(table);
  const here = new KnownOperators(repository, clock);
  const sync = new OperatorSync(here, repository, clock, log());
  await sync.start();
  repository.isSilent = true;
  here.endSession({ id: 'session', tokenId: '', endMs: clock.nowMs() + 3_600_000 });
  const stop = sync.onApplicationShutdown();
  await clock.advance(2_000);
  await stop;
  expect(clock.pendingTimers).toBe(0);
});

it('every replica knows within 2 s whom another one has added or removed', async () => {
  const repository = new MemoryOperatorRepository(table);
  const elsewhere = new KnownOperators(repository, clock);
  const sync = new OperatorSync(elsewhere, repository, clock, log());
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
  const repository = new FailingRepository(table);
  const here = new KnownOperators(repository, clock);
  const sync = new OperatorSync(here, repository, clock, log());
  await sync.start();
  repository.isAway = true;
  here.endSession({ id: 'session', tokenId: '', endMs: clock.nowMs() + 3_600_000 });
  expect(here.isEnded('session')).toBe(true);
  await clock.advance(4_000);
  expect(table.endedSessions.size).toBe(0);
  repository.isAway = false;
  await clock.advance(2_000);
  expect([...table.endedSessions.keys()]).toEqual(['session']);
  expect(here.isEnded('session')).toBe(true);
  expect(lines.filter((line) => line.includes('"level":40'))).toHaveLength(1);
  await sync.onApplicationShutdown();
});
