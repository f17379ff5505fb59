import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { append, attemptRecord, deliveryRecord, RecordIds } from '../../test/support/delivery-records.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryDeliveryLog } from '../../test/support/memory-journals.js';
import { AppError } from '../kernel/app-error.js';
import type { KnownBots } from '../registry/bots/known-bots.js';
import { SyncTokens } from '../registry/bots/sync-tokens.js';
import type { RecordStore } from '../storage/records/records.js';
import { type DeliveryRecord, type LoggedRecord, toSignRecord } from './delivery-record.js';
import { LogFollower } from './follow.js';
import { wentWell } from './outcome.js';
import { Past } from './past.js';
import { summaryOf } from './recent-attempts.js';
import type { SeenToken, Signs } from './signs.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const REPLIES = { ...ACCOUNT, subject: 'replies', botId: null, api: '' } as const;
const HOUR_MS = 3_600_000;

class RemovableLog extends MemoryDeliveryLog {
  isAway = false;
  /** Which call from now on fails. */
  failsAt = 0;

  override async ofOthers(...asked: Parameters<MemoryDeliveryLog['ofOthers']>) {
    if (this.isAway || --this.failsAt === 0) throw new AppError('STORE_UNAVAILABLE');
    return super.ofOthers(...asked);
  }
}

let clock: ManualClock;
let past: Past;
let syncTokens: SyncTokens;
let log: RemovableLog;
let ids: RecordIds;
let lines: string[];
let follower: LogFollower;

function follow(isShared = true): void {
  const written = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line).msg) });
  follower = new LogFollower(log, past, syncTokens, { isShared } as RecordStore, clock, clock, written);
  follower.onApplicationBootstrap();
}

beforeEach(() => {
  clock = new ManualClock();
  past = new Past(clock);
  syncTokens = new SyncTokens(clock, { size: 1 } as KnownBots);
  log = new RemovableLog();
  ids = new RecordIds();
  lines = [];
});

afterEach(() => follower.beforeApplicationShutdown());

const there = (record: LoggedRecord): LoggedRecord => ({ ...record, replica: 'there' });
const attempt = (fields: Partial<DeliveryRecord> = {}) =>
  there(ids.toLogged(attemptRecord({ atMs: clock.nowMs(), asks: 'message', durationMs: 0, ...fields })));
const signsOf = (signs: Partial<Signs>) =>
  there(
    toSignRecord(ids.toLogged(attemptRecord({ atMs: clock.nowMs() })).id, clock.nowMs(), {
      ...{ outcomes: [], reads: [], forgotten: [] },
      ...signs,
    }),
  );

/** Each page is read in a turn of its own. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    await clock.advance(Math.min(left, 1_000));
    for (let turn = 0; turn < 50; turn++) await nextTurn();
  }
}

const attempts = () => summaryOf(past.lastOf(ACCOUNT).lastHour).attempts;

it('what another replica did is known within two seconds, once, also where it was written late', async () => {
  follow();
  await pass(2_000);
  const late = attempt();
  await append(log, [attempt()]);
  await pass(2_000);
  expect(attempts()).toBe(1);
  await append(log, [late]);
  await pass(6_000);
  expect(attempts()).toBe(2);
});

it('what this replica did itself is not added again', async () => {
  follow();
  await append(log, [ids.toLogged(attemptRecord({ atMs: clock.nowMs() }))]);
  await pass(4_000);
  expect(attempts()).toBe(0);
});

it('a callback tells of its only attempt', async () => {
  follow();
  const sent = { form: 'decrypted', endpoint: 'http://puppet:8080', botId: 'bot-1', asks: 'event' } as const;
  const atMs = clock.nowMs();
  const record = deliveryRecord({ atMs, onlyAttempt: { ...sent, atMs: atMs - 1, durationMs: 3 } });
  await append(log, [there(ids.toLogged(record))]);
  await pass(4_000);
  expect(past.ofBot('bot-1').taken).toMatchObject({ durationMs: 3, occasion: 'inline' });
  expect(past.takenOf(ACCOUNT).events).toEqual([atMs - 4]);
});

it('replies through another replica end what was asked', async () => {
  follow();
  past.note(attempt());
  await pass(1_000);
  await append(log, [signsOf({ outcomes: [wentWell(REPLIES, clock.nowMs())] })]);
  expect(past.takenOf(ACCOUNT).messages).toHaveLength(1);
  await pass(2_000);
  expect(past.takenOf(ACCOUNT).messages).toEqual([]);
});

it('sync tokens that came to another replica, or before the start, are good until they are over', async () => {
  const there = new SyncTokens(clock, { size: 1 } as KnownBots);
  const told: SeenToken[] = [];
  there.whenSeen(({ hash, leftMs }) => told.push({ hash, untilMs: clock.nowMs() + leftMs }));
  const come = (token: string) => there.note(ACCOUNT.corpId, ACCOUNT.openKfId, 'keys', token, 0);
  come('ENC-before');
  await append(log, [signsOf({ tokens: told })]);
  await clock.advance(60_000);
  follow();
  await pass(2_000);
  come('ENC-new');
  await append(log, [signsOf({ tokens: told.slice(-1) })]);
  await pass(2_000);
  const areGood = () => ['ENC-before', 'ENC-new'].map((token) => syncTokens.isGood(ACCOUNT, token));
  expect(areGood()).toEqual([true, true]);
  await pass(8 * 60_000);
  expect(areGood()).toEqual([false, true]);
});

it('it is known until seconds ago what others did, where there may be any, and else until now', async () => {
  follow(false);
  expect(past.knownUntilMs).toBe(clock.nowMs());
  follow();
  expect(past.knownUntilMs).toBe(0);
  await pass(2_000);
  expect(clock.nowMs() - past.knownUntilMs).toBeLessThanOrEqual(3_500);
  await append(log, [attempt()]);
  await pass(4_000);
  expect(clock.nowMs() - past.knownUntilMs).toBeLessThanOrEqual(3_500);
  expect(clock.nowMs() - past.knownUntilMs).toBeGreaterThanOrEqual(1_500);
  const untilMs = past.knownUntilMs;
  log.isAway = true;
  await pass(60_000);
  expect(past.knownUntilMs).toBeLessThanOrEqual(untilMs + 2_000);
  log.isAway = false;
  await append(log, [attempt()]);
  await pass(4_000);
  expect(attempts()).toBe(2);
  // The others may only now write what they could not.
  expect(past.knownUntilMs).toBeLessThanOrEqual(untilMs + 2_000);
  await pass(6_000);
  expect(clock.nowMs() - past.knownUntilMs).toBeLessThanOrEqual(3_500);
});

it('a look that fails on its way notes nothing twice', async () => {
  follow();
  await pass(4_000);
  // Two pages, of which the second fails once.
  await append(
    log,
    Array.from({ length: 700 }, () => attempt()),
  );
  log.failsAt = 2;
  await pass(6_000);
  expect(attempts()).toBe(700);
});

it('an account that was asked before the oldest sign that is read is not taken for unanswered', async () => {
  await append(log, [attempt({ atMs: clock.nowMs() - 2 * HOUR_MS })]);
  const sign = signsOf({ outcomes: [wentWell(REPLIES, 0)] });
  const youngerAtMs = clock.nowMs() + 1_000;
  await append(log, [attempt({ atMs: youngerAtMs })]);
  // There are always more, so that their bound ends the reading.
  const { recent } = log;
  log.recent = async (what, ...asked) =>
    what === 'signs' ? { records: [sign], nextBefore: sign.id } : recent.call(log, what, ...asked);
  follow(false);
  await pass(90_000);
  expect(past.takenOf(ACCOUNT).messages).toEqual([youngerAtMs]);
});

it('an account that was forgotten and had again keeps what it did since', async () => {
  await append(log, [signsOf({ forgotten: [{ openKfId: ACCOUNT.openKfId, atMs: clock.nowMs() }] })]);
  await clock.advance(1_000);
  await append(log, [attempt(), signsOf({ outcomes: [wentWell(REPLIES, clock.nowMs() + 1)] })]);
  await clock.advance(1_000);
  follow(false);
  await pass(4_000);
  expect(past.takenOf(ACCOUNT).messages).toEqual([]);
  expect(past.repliedAtMs(ACCOUNT)).toBeGreaterThan(0);
});

it('what was written before the start is read, of a day, and an account that was forgotten stays so', async () => {
  for (const isShared of [true, false]) {
    [past, log] = [new Past(clock), new RemovableLog()];
    ids = new RecordIds();
    const agoMs = (ms: number) => ({ atMs: clock.nowMs() - ms });
    await append(log, [attempt({ ...agoMs(30 * HOUR_MS), openKfId: 'wkOld' }), attempt(agoMs(HOUR_MS))]);
    await append(log, [attempt({ openKfId: 'wkGone' })]);
    await clock.advance(1_000);
    await append(log, [signsOf({ forgotten: [{ openKfId: 'wkGone', atMs: clock.nowMs() }] })]);
    // As soon after as a process starts again.
    await clock.advance(100);
    follow(isShared);
    await pass(4_000);
    expect(past.accountsOf(ACCOUNT.corpId)).toEqual([ACCOUNT.openKfId]);
    follower.beforeApplicationShutdown();
  }
});

it('what is too much at once is left out and told, but for signs', async () => {
  follow();
  await pass(2_000);
  await append(
    log,
    Array.from({ length: 12_000 }, () => attempt()),
  );
  await append(log, [signsOf({ outcomes: [wentWell(REPLIES, clock.nowMs())] })]);
  await pass(2_000);
  expect(attempts()).toBe(10_000);
  expect(past.repliedAtMs(ACCOUNT)).toBeGreaterThan(0);
  expect(lines).toEqual(['deliverylog.fell_behind']);
});
