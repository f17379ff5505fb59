import { beforeEach, describe, expect, it } from '@jest/globals';
import { attemptRecord } from '../../test/support/delivery-records.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { DeliveryRecord } from './delivery-record.js';
import { failedOnce, wentWell } from './outcome.js';
import { Past } from './past.js';
import { NO_ATTEMPTS, summaryOf } from './recent-attempts.js';
import type { CustomerSign } from './unanswered-customers.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const REPLIES = { ...ACCOUNT, subject: 'replies', botId: null, api: '' } as const;
const NOTHING = { taken: null, failure: null, untaken: null, lastHour: NO_ATTEMPTS };
const REFUSED = { outcome: 'not_taken', stage: 'status', reason: 'the answer was 500', status: 500 } as const;
const URL = 'http://puppet:8080';

let clock: ManualClock;
let past: Past;

beforeEach(() => {
  clock = new ManualClock();
  past = new Past(clock);
});

function note(fields: Partial<DeliveryRecord> = {}): void {
  past.note(attemptRecord({ atMs: clock.nowMs(), asks: 'event', durationMs: 12.5, ...fields }));
}

it('nothing is made for what nobody has sent to', () => {
  expect(past.lastOf(ACCOUNT)).toBe(past.lastOf({ ...ACCOUNT, openKfId: 'wk2' }));
  expect(past.lastOf(ACCOUNT)).toEqual(NOTHING);
  expect(past.ofEndpoint('http://one')).toBe(past.ofBot('two'));
  expect(past.takenOf(ACCOUNT)).toEqual({ atMs: 0, messages: [], events: [], isRead: false });
  expect(past.hoursOf(ACCOUNT)).toEqual(new Array(24).fill(0));
});

describe('an account', () => {
  it('has its last delivery and its last failure', async () => {
    note(REFUSED);
    const failedAtMs = clock.nowMs();
    await clock.advance(5);
    note({ status: 204 });
    const { lastHour, ...last } = past.lastOf(ACCOUNT);
    const failure = { atMs: failedAtMs, stage: 'status', reason: 'the answer was 500', status: 500 };
    expect(last).toEqual({
      taken: { atMs: clock.nowMs(), status: 204, durationMs: 12.5, occasion: 'inline' },
      failure,
      untaken: failure,
    });
    expect(summaryOf(lastHour)).toEqual({ attempts: 2, taken: 1, p50Ms: 15, p95Ms: 19.5 });
  });

  it('has the newest of them, in whichever order replicas tell of them', () => {
    const atMs = clock.nowMs();
    for (const ms of [0, 2_000, 1_000]) {
      note({ atMs: atMs - ms, status: 200 + ms / 1_000 });
      note({ ...REFUSED, atMs: atMs - ms, reason: String(ms) });
    }
    expect(past.lastOf(ACCOUNT)).toMatchObject({
      taken: { atMs, status: 200 },
      failure: { atMs, reason: '0' },
    });
    expect(summaryOf(past.lastOf(ACCOUNT).lastHour)).toMatchObject({ attempts: 6, taken: 3 });
  });

  it('has the attempts of the last hour alone, and counts of a day by the hour', async () => {
    const atMs = clock.nowMs();
    note({ atMs: atMs - 3 * 3_600_000 });
    note();
    note({ atMs: atMs - 3 * 3_600_000 });
    expect(summaryOf(past.lastOf(ACCOUNT).lastHour).attempts).toBe(1);
    expect(past.hoursOf(ACCOUNT).slice(-4)).toEqual([2, 0, 0, 1]);
    await clock.advance(3_600_000);
    expect(summaryOf(past.lastOf(ACCOUNT).lastHour).attempts).toBe(0);
    expect(past.lastOf(ACCOUNT).taken).toMatchObject({ atMs });
  });

  it('has taken nothing where its messages were pulled alone, and has why they could not be', () => {
    const pull = { endpoint: 'wecom://kf/sync_msg#bot-1', botId: 'bot-1' };
    note(pull);
    expect([past.lastOf(ACCOUNT), past.ofBot('bot-1')]).toEqual([NOTHING, NOTHING]);
    expect(past.takenOf(ACCOUNT).atMs).toBe(0);
    note({ ...pull, outcome: 'not_taken', stage: 'pull', reason: 'errcode 48002', status: null });
    for (const { failure, untaken, lastHour } of [past.lastOf(ACCOUNT), past.ofBot('bot-1')])
      expect([failure?.stage, untaken, lastHour]).toEqual(['pull', null, NO_ATTEMPTS]);
  });

  it('was asked when it was given what it took: its reply may be there before it has taken that', () => {
    note();
    expect(past.takenOf(ACCOUNT)).toMatchObject({
      messages: [],
      events: [Math.floor(clock.nowMs() - 12.5)],
    });
  });

  it('has the first and the last that it was asked since the last reply', () => {
    const at = (ms: number) => ({ atMs: clock.nowMs() + ms, durationMs: 0, asks: 'message' }) as const;
    const asked = () => past.takenOf(ACCOUNT).messages.map((ms) => ms - clock.nowMs());
    for (const ms of [20, 10, 30]) note(at(ms));
    expect(asked()).toEqual([10, 30]);
    past.noteOutcome(wentWell(REPLIES, clock.nowMs() + 30));
    expect(asked()).toEqual([]);
    for (const ms of [25, 50, 40]) note(at(ms));
    expect(asked()).toEqual([40, 50]);
    // Another replica tells late of its reply.
    past.noteOutcome(wentWell(REPLIES, clock.nowMs() + 45));
    expect(asked()).toEqual([50]);
  });

  it('of an agent took what its service was not asked about, and that says nothing of the service', async () => {
    note(REFUSED);
    const failedAtMs = clock.nowMs();
    await clock.advance(1_000);
    note({ status: null });
    expect(past.lastOf(ACCOUNT)).toMatchObject({ taken: null, failure: { atMs: failedAtMs } });
    expect(past.takenOf(ACCOUNT)).toMatchObject({ atMs: clock.nowMs() });
  });

  it('has none before the first, and none of another corp', () => {
    note();
    expect(past.lastOf({ ...ACCOUNT, openKfId: 'wkOther' })).toEqual(NOTHING);
    expect(past.lastOf({ ...ACCOUNT, corpId: 'wwOther' })).toEqual(NOTHING);
    note({ ...REFUSED, corpId: 'wwOther' });
    expect(past.lastOf({ ...ACCOUNT, corpId: 'wwOther' })).toMatchObject({ taken: null });
    expect(past.lastOf(ACCOUNT).taken).not.toBeNull();
  });

  it('is not remembered when 20,000 others of its corp were heard of since, and is whatever another corp does', async () => {
    note({ openKfId: 'wkCalm' });
    note({ corpId: 'wwOther' });
    note();
    await clock.advance(60_000);
    note({ openKfId: 'wkCalm' });
    for (let n = 2; n <= 20_000; n++) note({ openKfId: `wk${n}` });
    expect(past.lastOf(ACCOUNT).taken).toBeNull();
    expect(past.lastOf({ ...ACCOUNT, openKfId: 'wkCalm' }).taken).not.toBeNull();
    expect(past.lastOf({ ...ACCOUNT, corpId: 'wwOther' }).taken).not.toBeNull();
  });

  it('is forgotten with its registration, also by what replicas tell later of the time before', async () => {
    note();
    const beforeMs = clock.nowMs();
    await clock.advance(1_000);
    past.forget(ACCOUNT.openKfId);
    past.forget('wkNone');
    note({ atMs: beforeMs });
    expect(past.lastOf(ACCOUNT)).toEqual(NOTHING);
    expect(past.takenByCorp()).toEqual(new Map());
    note();
    expect(past.lastOf(ACCOUNT).taken).not.toBeNull();
  });

  it('is known among those of its corp until then', () => {
    for (const fields of [{}, { openKfId: 'wk2' }, { openKfId: 'wk3', corpId: 'wwOther' }]) note(fields);
    expect(past.accountsOf('wwCorp_1')).toEqual(['wkAccount-1', 'wk2']);
    past.forget('wk2');
    expect(past.accountsOf('wwCorp_1')).toEqual(['wkAccount-1']);
  });

  it('says nothing of events by a test of its puppet', async () => {
    note({ occasion: 'test' });
    expect(past.takenByCorp()).toEqual(new Map());
    note();
    const takenAtMs = clock.nowMs();
    await clock.advance(9);
    note({ occasion: 'test' });
    expect(past.takenByCorp()).toEqual(new Map([['wwCorp_1', takenAtMs]]));
    const { taken, lastHour } = past.lastOf(ACCOUNT);
    expect(taken).toMatchObject({ occasion: 'test' });
    expect(summaryOf(lastHour).attempts).toBe(1);
  });

  it('tells with others when its corp had its last', async () => {
    note();
    await clock.advance(9);
    note({ openKfId: 'wk2' });
    await clock.advance(9);
    note(REFUSED);
    note({ openKfId: 'wk3', corpId: 'wwOther' });
    const nowMs = clock.nowMs();
    expect(past.takenByCorp()).toEqual(
      new Map([
        ['wwCorp_1', nowMs - 9],
        ['wwOther', nowMs],
      ]),
    );
  });
});

it('sums up an address with all of its accounts, whatever its query', () => {
  note();
  note({ ...REFUSED, openKfId: 'wk2' });
  expect(summaryOf(past.lastOf({ ...ACCOUNT, openKfId: 'wk2' }).lastHour)).toMatchObject({
    attempts: 1,
    taken: 0,
  });
  const { lastHour, failure } = past.ofEndpoint(`${URL}?key=secret`);
  expect(summaryOf(lastHour)).toMatchObject({ attempts: 2, taken: 1 });
  expect(failure).toMatchObject({ stage: 'status' });
  expect(past.ofEndpoint('http://127.0.0.9')).toMatchObject({ lastHour: NO_ATTEMPTS, failure: null });
  expect([...past.addressesTakingSince(clock.nowMs())]).toEqual([URL]);
});

describe('what calls to WeCom told', () => {
  const TOKEN = { subject: 'token', corpId: 'wwCorp_1', botId: 'bot-1', openKfId: null, api: '' } as const;

  it('of an account is of its corp, until the account is forgotten', async () => {
    past.noteOutcome(failedOnce(REPLIES, '95017', clock.nowMs()));
    past.noteOutcome(failedOnce(REPLIES, '40058', clock.nowMs()));
    expect(past.outcomeOf(REPLIES)).toMatchObject({ failures: 2, why: '40058' });
    expect(past.outcomeOf({ ...REPLIES, corpId: 'wwOther' })).toBeNull();
    expect(past.accountsOf('wwCorp_1')).toEqual(['wkAccount-1']);
    const before = failedOnce(REPLIES, '95017', clock.nowMs());
    await clock.advance(1_000);
    past.forget(ACCOUNT.openKfId);
    past.noteOutcome(before);
    expect(past.outcomeOf(REPLIES)).toBeNull();
  });

  it('of an account stays, whatever others of another corp are named', () => {
    past.noteOutcome(wentWell(REPLIES, clock.nowMs()));
    for (let n = 0; n <= 100_000; n++)
      past.noteOutcome(
        failedOnce({ ...REPLIES, corpId: 'wwOther', openKfId: `wk${n}` }, '95004', clock.nowMs()),
      );
    expect(past.repliedAtMs(ACCOUNT)).toBe(clock.nowMs());
  });

  it('of a caller stays, whatever another one calls', () => {
    past.noteOutcome(failedOnce(TOKEN, '40001', clock.nowMs()));
    const other = { ...TOKEN, subject: 'api', botId: 'bot-2' } as const;
    for (let n = 0; n <= 20_000; n++)
      past.noteOutcome(failedOnce({ ...other, openKfId: `wk${n}`, api: 'kf/x' }, '95004', clock.nowMs()));
    expect(past.outcomeOf(TOKEN)).toMatchObject({ why: '40001' });
    expect(past.callers()).toHaveLength(1_001);
  });

  it('of a caller is known, whatever accounts are forgotten, of 10,000 at most', () => {
    past.noteOutcome(failedOnce(TOKEN, '40001', clock.nowMs()));
    past.forget(ACCOUNT.openKfId);
    expect(past.callers()).toMatchObject([{ subject: 'token', botId: 'bot-1', failures: 1 }]);
    for (let n = 0; n < 10_000; n++) past.noteOutcome(wentWell({ ...TOKEN, botId: `b${n}` }, clock.nowMs()));
    expect([past.outcomeOf(TOKEN), past.callers().length]).toEqual([null, 10_000]);
  });
});

it('a program that reads messages here is known to do so for three days', async () => {
  past.noteRead({ ...ACCOUNT, readAtMs: clock.nowMs(), messages: [] });
  expect(past.takenOf(ACCOUNT)).toEqual({ atMs: 0, messages: [], events: [], isRead: true });
  await clock.advance(3 * 24 * 3_600_000);
  expect(past.takenOf(ACCOUNT)).toMatchObject({ isRead: false });
});

it('customers of a forgotten account are forgotten, and what is heard of them from before says nothing', async () => {
  const sign = past.noteAsked(ACCOUNT, 'customer', clock.nowMs());
  await clock.advance(2_000);
  past.forget(ACCOUNT.openKfId);
  past.hearCustomer(sign as CustomerSign);
  expect(past.customers.size).toBe(0);
  past.noteAsked(ACCOUNT, 'customer', clock.nowMs());
  expect(past.customers.size).toBe(1);
});
