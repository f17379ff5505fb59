import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { customerKey } from '../../kernel/account.js';
import { Past } from '../../log/past.js';
import { CallOutcomes, type EndedCall } from './call-outcomes.js';
import { failingCallers, repliesOf as repliesIn } from './outcome.js';

const CALL: EndedCall = {
  operation: 'call',
  corpId: 'ww1',
  botId: null,
  api: 'kf/sync_msg',
  openKfId: null,
  errcode: 0,
  fault: null,
  isAsked: true,
};
const REPLY: EndedCall = { ...CALL, api: 'kf/send_msg', openKfId: 'wk1' };
const TOKEN: EndedCall = { ...CALL, operation: 'gettoken', api: '' };
const UNREACHABLE = { errcode: null, fault: 'unreachable' } as const;

let clock: ManualClock;
let past: Past;
let outcomes: CallOutcomes;

beforeEach(() => {
  clock = new ManualClock();
  past = new Past(clock);
  outcomes = new CallOutcomes(clock, past, past);
});

const failing = () => failingCallers(past.callers(), clock.nowMs());
const callers = () => failing().map(({ subject, corpId, botId, why }) => [subject, botId ?? corpId, why]);
const repliesOf = (openKfId = 'wk1', corpId = 'ww1') => repliesIn(past, { corpId, openKfId }, clock.nowMs());
const whyNot = (openKfId = 'wk1', corpId = 'ww1') => repliesOf(openKfId, corpId).replyFailure?.why ?? null;
const thrice = (call: EndedCall) => {
  for (let n = 0; n < 3; n++) outcomes.note(call);
};

describe('a corp', () => {
  it('fails when there was no success for 10 s, or three calls failed, and says since when', async () => {
    const sinceMs = clock.nowMs();
    outcomes.note({ ...CALL, ...UNREACHABLE });
    expect(callers()).toEqual([]);
    await clock.advance(10_000);
    expect(callers()).toEqual([['call', 'ww1', 'unreachable']]);
    await clock.advance(780_000);
    outcomes.note({ ...CALL, errcode: 60020 });
    expect(failing()).toMatchObject([{ why: '60020', sinceMs }]);
    thrice({ ...CALL, corpId: 'ww2', errcode: null, fault: 'status' });
    expect(callers()).toContainEqual(['call', 'ww2', 'status']);
  });

  it('has the address that WeCom did not list last, until WeCom takes a call or refuses it for another reason', () => {
    const refused = (unlistedAddress: string) => ({ ...REPLY, errcode: 60020, unlistedAddress });
    const addresses = () => [failing()[0], repliesOf().replyFailure].map((one) => one?.unlistedAddress);
    thrice(refused('203.0.113.7'));
    outcomes.note(refused('203.0.113.8'));
    expect(addresses()).toEqual(['203.0.113.8', '203.0.113.8']);
    outcomes.note({ ...REPLY, errcode: 45009 });
    expect(addresses()).toEqual([undefined, undefined]);
    outcomes.note(REPLY);
    thrice({ ...REPLY, errcode: 60020 });
    expect(addresses()).toEqual([undefined, undefined]);
  });

  it('is well with the first call that WeCom answers, also if that says no to the one call', () => {
    for (const errcode of [0, 95018]) {
      thrice({ ...CALL, errcode: 40001 });
      expect(callers()).toEqual([['token', 'ww1', '40001']]);
      outcomes.note({ ...CALL, errcode });
      expect(callers()).toEqual([]);
    }
  });

  it('fails until it is seen to go well, however long that takes', async () => {
    thrice({ ...CALL, errcode: 60020 });
    await clock.advance(48 * 3_600_000);
    expect(callers()).toHaveLength(1);
    outcomes.note(CALL);
    expect(callers()).toEqual([]);
  });

  it('is not well because it gets tokens, while what it asks for with them is not allowed', () => {
    for (let n = 0; n < 3; n++) {
      outcomes.note({ ...CALL, errcode: 48002 });
      outcomes.note(TOKEN);
    }
    expect(callers()).toEqual([['token', 'ww1', '48002']]);
  });

  it('is well once WeCom gives it a token that it refused before', () => {
    thrice({ ...TOKEN, errcode: 40001 });
    expect(callers()).toEqual([['token', 'ww1', '40001']]);
    outcomes.note(TOKEN);
    expect(callers()).toEqual([]);
  });

  it('is answered once WeCom has answered any other, since then it is there again', async () => {
    thrice({ ...CALL, ...UNREACHABLE });
    await clock.advance(1_000);
    outcomes.note({ ...CALL, corpId: 'ww2', errcode: 95018 });
    expect(callers()).toEqual([]);
  });

  it('knows nothing of calls that the manager answered itself', () => {
    thrice({ ...REPLY, errcode: 45009, isAsked: false });
    expect(callers()).toEqual([]);
    expect(whyNot()).toBeNull();
  });
});

describe('a bot, by whose key a call is made', () => {
  const BOT = { botId: 'b1' };

  it('fails for itself: neither its corp nor another bot of it does', () => {
    thrice({ ...TOKEN, ...BOT, errcode: 40001 });
    outcomes.note({ ...CALL, botId: 'b2' });
    outcomes.note(CALL);
    expect(callers()).toEqual([['token', 'b1', '40001']]);
  });

  it.each(['40001', '40013', '40014', '42001', '48002'])(
    'has a token that is refused, as %s says, and no account of it fails besides',
    (why) => {
      thrice({ ...REPLY, ...BOT, errcode: Number(why) });
      expect(callers()).toEqual([['token', 'b1', why]]);
      expect(whyNot()).toBeNull();
    },
  );

  it('makes calls that fail by their API, with the account that they name', () => {
    thrice({ ...CALL, ...BOT, api: 'kf/account/list', errcode: 95017 });
    thrice({ ...CALL, ...BOT, openKfId: 'wk1', errcode: 95012 });
    outcomes.note({ ...REPLY, ...BOT });
    expect(failing()).toMatchObject([
      { subject: 'api', botId: 'b1', api: 'kf/account/list', openKfId: null, why: '95017' },
      { subject: 'api', botId: 'b1', api: 'kf/sync_msg', openKfId: 'wk1', why: '95012' },
    ]);
    outcomes.note({ ...CALL, ...BOT, openKfId: 'wk1' });
    expect(failing()).toHaveLength(1);
  });
});

describe('an account', () => {
  it('says why none of its replies goes out, and since when', async () => {
    expect(whyNot()).toBeNull();
    const sinceMs = clock.nowMs();
    outcomes.note({ ...REPLY, errcode: 40058 });
    await clock.advance(5_000);
    outcomes.note({ ...REPLY, ...UNREACHABLE });
    expect(repliesOf().replyFailure).toMatchObject({ why: 'unreachable', sinceMs, atMs: clock.nowMs() });
    expect(whyNot('wk2')).toBeNull();
    outcomes.note(REPLY);
    expect(whyNot()).toBeNull();
  });

  it('has replied when WeCom took its last reply, and not by any other call', () => {
    outcomes.note({ ...CALL, openKfId: 'wk1' });
    expect(repliesOf().repliedAtMs).toBeNull();
    outcomes.note(REPLY);
    expect(repliesOf().repliedAtMs).toBe(clock.nowMs());
  });

  it('has answered the customer whom a reply names, once WeCom took it', () => {
    const account = { corpId: 'ww1', openKfId: 'wk1' };
    past.noteAsked(account, customerKey(account, 'wm1'), clock.nowMs() - 2_000);
    const waiting = () =>
      past.customers.of(account, { nowMs: clock.nowMs(), repliedAtMs: 0, longSinceMs: 0 }).waiting;
    outcomes.note({ ...REPLY, touser: 'wm2' });
    outcomes.note({ ...REPLY, touser: 'wm1', errcode: 95018 });
    expect(waiting()).toBe(1);
    outcomes.note({ ...REPLY, touser: 'wm1' });
    expect(waiting()).toBe(0);
  });

  it.each([
    [{ errcode: 95017 }, '95017'],
    [UNREACHABLE, 'unreachable'],
    // HTTP 200 from something that is not WeCom.
    [{ errcode: null }, 'unreachable'],
  ])('fails with its first reply that does not go out, %j, until one does', async (end, why) => {
    const sinceMs = clock.nowMs();
    outcomes.note({ ...REPLY, ...end });
    await clock.advance(60_000);
    outcomes.note({ ...REPLY, ...end });
    expect(repliesOf().replyFailure).toMatchObject({ why, sinceMs });
    outcomes.note(REPLY);
    expect(whyNot()).toBeNull();
  });

  it('fails with a reply that WeCom took and could not send', () => {
    outcomes.note(REPLY);
    outcomes.sendFailed({ corpId: 'ww1', openKfId: 'wk1' }, 2);
    expect(whyNot()).toBe('fail_type:2');
  });

  it('does not fail because one customer may get no message now, but when no reply goes out any more', () => {
    for (const fail of [
      () => outcomes.note({ ...REPLY, errcode: 95001 }),
      () => outcomes.sendFailed({ corpId: 'ww1', openKfId: 'wk1' }, 10),
    ]) {
      outcomes.note(REPLY);
      fail();
      fail();
      expect(whyNot()).toBeNull();
      fail();
      expect(whyNot()).not.toBeNull();
    }
  });

  it('that WeCom does not have fails no longer, and is known for that until WeCom says anything else of it', async () => {
    const isGone = () => repliesOf().noAccount?.why ?? null;
    outcomes.note(REPLY);
    const repliedAtMs = clock.nowMs();
    await clock.advance(1_000);
    outcomes.note({ ...REPLY, errcode: 95017 });
    await clock.advance(1_000);
    for (const end of [{ errcode: 0 }, { errcode: 95017 }]) {
      outcomes.note({ ...REPLY, errcode: 95004 });
      expect(repliesOf()).toMatchObject({ replyFailure: null });
      await clock.advance(1_000);
      outcomes.note({ ...REPLY, ...UNREACHABLE });
      expect(isGone()).toBe('95004');
      await clock.advance(1_000);
      outcomes.note({ ...REPLY, ...end });
      expect(isGone()).toBeNull();
      await clock.advance(1_000);
    }
    expect(repliedAtMs).toBeLessThan(repliesOf().repliedAtMs ?? 0);
  });

  it('is of its corp: what another corp says that names it as well tells nothing of it', () => {
    outcomes.note(REPLY);
    thrice({ ...REPLY, corpId: 'ww2', errcode: 40058 });
    expect(whyNot()).toBeNull();
    expect(whyNot('wk1', 'ww2')).toBe('40058');
    outcomes.note({ ...REPLY, errcode: 95017 });
    outcomes.note({ ...REPLY, corpId: 'ww2' });
    expect(whyNot()).toBe('95017');
  });

  it('is among those of its corp, be it known to WeCom or not', () => {
    outcomes.note(REPLY);
    outcomes.note({ ...REPLY, openKfId: 'wk2', errcode: 95004 });
    outcomes.note({ ...REPLY, openKfId: 'wk3', corpId: 'ww2' });
    expect(past.accountsOf('ww1')).toEqual(['wk1', 'wk2']);
  });

  it('fails no longer once its registration was forgotten', async () => {
    outcomes.note({ ...REPLY, errcode: 95017 });
    outcomes.note({ ...REPLY, openKfId: 'wk2', errcode: 95017 });
    await clock.advance(1);
    past.forget('wk1');
    expect([whyNot(), whyNot('wk2')]).toEqual([null, '95017']);
  });
});

describe('a bot that calls more often than WeCom allows', () => {
  const PULL: EndedCall = { ...CALL, botId: 'bot-1', openKfId: 'wk1' };
  const LIMITED: EndedCall = { ...PULL, errcode: 45009, isAsked: false };

  it('is told of, and no other caller of its corp', () => {
    thrice(LIMITED);
    expect(failing()).toMatchObject([
      { subject: 'api', botId: 'bot-1', openKfId: 'wk1', api: 'kf/sync_msg', why: '45009' },
    ]);
  });

  it('fails until a call goes well a minute after the last that was refused', async () => {
    thrice(LIMITED);
    await clock.advance(59_999);
    outcomes.note(PULL);
    expect(callers()).toEqual([['api', 'bot-1', '45009']]);
    await clock.advance(1);
    outcomes.note(PULL);
    expect(callers()).toEqual([]);
  });

  it('fails for ten minutes where it calls no more', async () => {
    thrice(LIMITED);
    await clock.advance(599_999);
    expect(callers()).toHaveLength(1);
    await clock.advance(1);
    expect(callers()).toEqual([]);
  });
});
