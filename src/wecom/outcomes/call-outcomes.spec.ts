import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { CallOutcomes, type EndedCall } from './call-outcomes.js';

const HOUR_MS = 3_600_000;
const CORP: EndedCall = {
  operation: 'call',
  corpId: 'ww1',
  api: 'kf/sync_msg',
  openKfId: null,
  errcode: 0,
  fault: null,
};
const REPLY: EndedCall = { ...CORP, api: 'kf/send_msg', openKfId: 'wk1' };

let clock: ManualClock;
let outcomes: CallOutcomes;

beforeEach(() => {
  clock = new ManualClock();
  outcomes = new CallOutcomes(clock);
});

const corps = () => outcomes.failingCorps().map(({ corpId, operation, why }) => [corpId, operation, why]);
const accounts = () => outcomes.failingAccounts().map(({ openKfId, why }) => [openKfId, why]);

describe('a corp', () => {
  it('fails when there was no success for 10 s, or three calls failed, and says since when', async () => {
    const sinceMs = clock.nowMs();
    outcomes.note({ ...CORP, errcode: null, fault: 'unreachable' });
    expect(corps()).toEqual([]);
    await clock.advance(10_000);
    expect(corps()).toEqual([['ww1', 'call', 'unreachable']]);
    await clock.advance(780_000);
    outcomes.note({ ...CORP, errcode: 60020 });
    expect(outcomes.failingCorps()).toMatchObject([{ why: '60020', sinceMs }]);
    for (let n = 0; n < 3; n++) outcomes.note({ ...CORP, corpId: 'ww2', errcode: null, fault: 'status' });
    expect(corps()).toContainEqual(['ww2', 'call', 'status']);
  });

  it('is well with the first call that WeCom answers, also if that says no to the one call', async () => {
    for (const errcode of [0, 95018]) {
      for (let n = 0; n < 3; n++) outcomes.note({ ...CORP, errcode: 40001 });
      expect(corps()).toEqual([['ww1', 'call', '40001']]);
      outcomes.note({ ...CORP, errcode });
      expect(corps()).toEqual([]);
    }
  });

  it('is not well because it gets tokens, while its calls fail', async () => {
    for (let n = 0; n < 3; n++) {
      outcomes.note({ ...CORP, errcode: 48002 });
      outcomes.note({ ...CORP, operation: 'gettoken', api: '' });
    }
    expect(corps()).toEqual([['ww1', 'call', '48002']]);
  });

  it('is forgotten an hour after the last call', async () => {
    for (let n = 0; n < 3; n++) outcomes.note({ ...CORP, errcode: -1 });
    await clock.advance(HOUR_MS - 1);
    expect(corps()).toHaveLength(1);
    await clock.advance(1);
    expect(corps()).toEqual([]);
  });
});

describe('an account', () => {
  it('says why none of its replies goes out, and since when', async () => {
    expect(outcomes.replyFailure('wk1')).toBeNull();
    const sinceMs = clock.nowMs();
    outcomes.note({ ...REPLY, errcode: 40058 });
    await clock.advance(5_000);
    outcomes.note({ ...REPLY, errcode: null, fault: 'unreachable' });
    expect(outcomes.replyFailure('wk1')).toEqual({ why: 'unreachable', sinceMs, atMs: clock.nowMs() });
    expect(outcomes.replyFailure('wk2')).toBeNull();
    outcomes.note(REPLY);
    expect(outcomes.replyFailure('wk1')).toBeNull();
  });

  it('has replied when WeCom took its last reply, and not by any other call', async () => {
    expect(outcomes.repliedAtMs('wk1')).toBeNull();
    outcomes.note({ ...CORP, openKfId: 'wk1' });
    expect(outcomes.repliedAtMs('wk1')).toBeNull();
    outcomes.note(REPLY);
    expect(outcomes.repliedAtMs('wk1')).toBe(clock.nowMs());
  });

  it.each([
    [{ errcode: 95017 }, '95017'],
    [{ errcode: 45009, corpId: null }, '45009'],
    [{ errcode: null, fault: 'unreachable' as const }, 'unreachable'],
    // HTTP 200 from something that is not WeCom.
    [{ errcode: null }, 'unreachable'],
  ])('fails with its first reply that does not go out, %j, until one does', async (end, why) => {
    const sinceMs = clock.nowMs();
    outcomes.note({ ...REPLY, ...end });
    await clock.advance(60_000);
    outcomes.note({ ...REPLY, ...end });
    expect(outcomes.failingAccounts()).toMatchObject([{ openKfId: 'wk1', why, sinceMs }]);
    outcomes.note(REPLY);
    expect(accounts()).toEqual([]);
  });

  it('does not fail because one customer may get no message now, but when no reply goes out any more', async () => {
    for (let n = 0; n < 2; n++) outcomes.note({ ...REPLY, errcode: 95001 });
    expect(accounts()).toEqual([]);
    outcomes.note({ ...REPLY, errcode: 95001 });
    expect(accounts()).toEqual([['wk1', '95001']]);
  });

  it('is none where WeCom knows no such account', async () => {
    for (let n = 0; n < 3; n++) outcomes.note({ ...REPLY, errcode: 95000 });
    expect(accounts()).toEqual([]);
  });

  it('fails no longer once WeCom says that it is deleted', () => {
    outcomes.note({ ...REPLY, errcode: 95017 });
    expect(accounts()).toEqual([['wk1', '95017']]);
    outcomes.note({ ...REPLY, corpId: 'ww2', errcode: 95004 });
    expect(accounts()).toHaveLength(1);
    outcomes.note({ ...REPLY, errcode: 95004 });
    expect(accounts()).toEqual([]);
  });

  it('is known as one that WeCom does not have, for an hour after it last said so', async () => {
    const noAccount = (corpId = 'ww1') => outcomes.noAccount({ openKfId: 'wk1', corpId });
    const sinceMs = clock.nowMs();
    outcomes.note({ ...REPLY, errcode: 95004 });
    await clock.advance(60_000);
    outcomes.note({ ...REPLY, errcode: 95000 });
    expect(noAccount()).toEqual({ why: '95000', sinceMs, atMs: clock.nowMs() });
    expect(noAccount('ww2')).toBeNull();
    expect(outcomes.unknownAccounts()).toMatchObject([
      { openKfId: 'wk1', corpId: 'ww1', why: '95000', sinceMs },
    ]);
    await clock.advance(3_600_000);
    expect([noAccount(), outcomes.unknownAccounts()]).toEqual([null, []]);
  });

  it('that WeCom does not have any more replied when it last did', async () => {
    outcomes.note(REPLY);
    const repliedAtMs = clock.nowMs();
    await clock.advance(1_000);
    outcomes.note({ ...REPLY, errcode: 95017 });
    outcomes.note({ ...REPLY, errcode: 95004 });
    expect(outcomes.repliedAtMs('wk1')).toBe(repliedAtMs);
    expect(outcomes.replyFailure('wk1')).toBeNull();
  });

  it('is known to WeCom once that says anything else of it, and when its registration is forgotten', () => {
    const unknown = () => outcomes.unknownAccounts().length;
    for (const end of [
      () => outcomes.note(REPLY),
      () => outcomes.note({ ...REPLY, errcode: 95017 }),
      () => outcomes.forget('wk1'),
    ]) {
      outcomes.note({ ...REPLY, errcode: 95004 });
      outcomes.note({ ...REPLY, errcode: null, fault: 'unreachable' });
      outcomes.note({ ...REPLY, corpId: 'ww2', errcode: 40008 });
      expect(unknown()).toBe(1);
      end();
      expect(unknown()).toBe(0);
    }
  });

  it('is among those of its corp, be it known to WeCom or not', () => {
    outcomes.note(REPLY);
    outcomes.note({ ...REPLY, openKfId: 'wk2', errcode: 95004 });
    outcomes.note({ ...REPLY, openKfId: 'wk3', corpId: 'ww2' });
    expect(outcomes.accountsOf('ww1')).toEqual(['wk1', 'wk2']);
  });

  it('is of the corp whose reply went out, whatever corp names it as well', () => {
    outcomes.note(REPLY);
    outcomes.note({ ...REPLY, corpId: 'ww2', errcode: 40008 });
    expect(accounts()).toEqual([]);
    outcomes.note({ ...REPLY, corpId: null, errcode: 40008 });
    expect(accounts()).toEqual([['wk1', '40008']]);
    outcomes.note({ ...REPLY, corpId: 'ww2' });
    expect(accounts()).toEqual([]);
    outcomes.note({ ...REPLY, corpId: 'ww2', errcode: 40008 });
    expect(outcomes.failingAccounts()).toMatchObject([{ corpId: 'ww2' }]);
  });

  it('fails no longer once its registration was forgotten', () => {
    outcomes.note({ ...REPLY, errcode: 95017 });
    outcomes.note({ ...REPLY, openKfId: 'wk2', errcode: 95017 });
    outcomes.forget('wk1');
    expect(accounts()).toEqual([['wk2', '95017']]);
  });
});
