/** What is asked of WeCom, how often, and what becomes of its refusals. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CORP,
  clock,
  closeAll,
  current,
  metrics,
  open,
  openWecom,
  request,
  SECRET,
  told,
  toldInTime,
  wecom,
} from '../../../test/support/token-replicas.js';
import { answer, hang, hold, html, reply, times } from '../../../test/support/wecom-faults.js';
import type { WecomServer } from '../../../test/support/wecom-server.js';
import type { AccessTokens } from './access-tokens.js';

beforeEach(openWecom);
afterEach(closeAll);

describe('a refusal', () => {
  it('is told in the words of WeCom, without the secret', async () => {
    wecom.behave('gettoken', answer(40001, `invalid secret ${SECRET} ${encodeURIComponent(SECRET)}`));
    const outcome = await open().get(request());
    expect(outcome).toMatchObject({ refusal: { errcode: 40001 }, source: 'upstream' });
    expect(outcome).toMatchObject({
      refusal: { errmsg: expect.stringMatching(/^invalid secret \*\*\* \*\*\*, hint/) },
    });
  });

  it('of a wrong secret is asked for twice in 10 s at most, in a loop and over replicas and restarts', async () => {
    let last = open();
    for (let n = 0; n < 200; n++) {
      if (n % 20 === 0) last = open();
      expect(await told(last.get(request('wrong')))).toMatchObject({ errcode: 40001 });
      await clock.advance(50);
    }
    expect(wecom.tokenCalls).toBeLessThanOrEqual(2);
  });

  it('stands for a growing while and ends with a secret that is right', async () => {
    const tokens = open();
    await tokens.get(request('later'));
    const askedAtS: number[] = [];
    for (let second = 1; second <= 1_300; second++) {
      await clock.advance(1_000);
      const before = wecom.tokenCalls;
      await tokens.get(request('later'));
      if (wecom.tokenCalls > before) askedAtS.push(second);
    }
    expect(askedAtS).toEqual([10, 30, 70, 150, 310, 630, 1_230]);
    wecom.addSecret(CORP, 'later');
    await clock.advance(600_000);
    expect(await told(tokens.get(request('later')))).toMatchObject({ source: 'upstream', expiresInS: 7_200 });
  });

  it('since WeCom is busy is asked again 3 times at most', async () => {
    wecom.behave('gettoken', times(3, answer(-1)));
    expect(await toldInTime(open().get(request()), 100)).toMatchObject({ token: current() });
    expect(wecom.tokenCalls).toBe(4);
    wecom.addSecret(CORP, 'second');
    wecom.behave('gettoken', answer(-1));
    expect(await toldInTime(open().get(request('second')), 100)).toMatchObject({ errcode: -1 });
    expect(wecom.tokenCalls).toBe(8);
  });

  it('by the frequency limit stops all questions of that corp for a minute, and no other', async () => {
    wecom.addSecret(CORP, 'second');
    wecom.addSecret('wwOther', SECRET);
    wecom.behave('gettoken', times(1, answer(45009)));
    const tokens = open();
    expect(await tokens.get(request())).toMatchObject({ refusal: { errcode: 45009 }, retryAfterS: 60 });
    expect(await tokens.get(request('second'))).toMatchObject({
      refusal: { errcode: 45009 },
      retryAfterS: 60,
    });
    expect(await told(tokens.get(request(SECRET, '', 'wwOther')))).toMatchObject({ expiresInS: 7_200 });
    await clock.advance(59_999);
    expect(await tokens.get(request())).toMatchObject({ refusal: { errcode: 45009 }, retryAfterS: 1 });
    expect(wecom.tokenCalls).toBe(2);
    await clock.advance(1);
    expect(await told(tokens.get(request()))).toMatchObject({ expiresInS: 7_200 });
  });
});

describe('upstream', () => {
  it.each<[string, () => Parameters<WecomServer['behave']>[1]]>([
    ['a page', () => html()],
    ['another status', () => reply(500, '{"errcode":0,"access_token":"T","expires_in":7200}')],
    ['a redirect', () => reply(302, '', { location: 'http://127.0.0.1:1/' })],
    ['no token', () => reply(200, '{"errcode":0,"expires_in":7200}')],
    ['a token with a line break', () => reply(200, '{"access_token":"T\\n","expires_in":7200}')],
    ['no time', () => reply(200, '{"access_token":"T"}')],
    ['no time left', () => reply(200, '{"access_token":"T","expires_in":0}')],
    ['a list', () => reply(200, '[]')],
    ['nothing', () => reply(200, '')],
    ['more than a megabyte', () => reply(200, 'x'.repeat(1_048_577))],
    [
      'a cut connection',
      () =>
        ({ response }) =>
          void response.destroy(),
    ],
  ])('that gives %s counts as not reachable', async (_what, behaviour) => {
    wecom.behave('gettoken', behaviour());
    expect(await told(open().get(request()))).toBe('WECOM_UNREACHABLE');
    expect(wecom.tokenCalls).toBe(1);
    expect(metrics.toJSON().questions).toEqual({ granted: 0, refused: 0, unreachable: 1 });
    wecom.behave('gettoken', (exchange) => exchange.usual());
    expect(await told(open().get(request()))).toMatchObject({ token: current() });
  });

  it('that is slower than 5 s counts as not reachable, and is asked again by the next', async () => {
    wecom.behave('gettoken', hang());
    const tokens = open();
    const answered = told(tokens.get(request()));
    await wecom.next('gettoken');
    await clock.advance(4_999);
    await clock.advance(1);
    expect(await answered).toBe('WECOM_UNREACHABLE');
    wecom.behave('gettoken', (exchange) => exchange.usual());
    expect(await told(tokens.get(request()))).toMatchObject({ token: current() });
  });
});

describe('one corp whose questions hang', () => {
  it('has 4 of them under way and keeps no other corp waiting', async () => {
    wecom.addSecret('wwOther', SECRET);
    const held = hold(answer(40001));
    wecom.behave('gettoken', held);
    const tokens = open();
    const slow = Array.from({ length: 10 }, (_, n) => told(tokens.get(request(`slow-${n}`))));
    while (wecom.tokenCalls < 4) await wecom.nextHead('gettoken');
    wecom.behave('gettoken', (exchange) => exchange.usual());
    expect(await told(tokens.get(request(SECRET, '', 'wwOther')))).toMatchObject({ expiresInS: 7_200 });
    expect(wecom.tokenCalls).toBe(5);
    held.release();
    expect(await Promise.all(slow)).toEqual(slow.map(() => ({ errcode: 40001, source: 'upstream' })));
  });
});

describe('secrets that nobody has accepted', () => {
  const guess = (tokens: AccessTokens, n: number, caller: string, corpId = CORP) =>
    told(tokens.get(request(`guess-${n}`, caller, corpId)));

  it('are refused 60 times an hour for one caller, and then without asking', async () => {
    const tokens = open();
    for (let n = 0; n < 60; n++) {
      expect(await guess(tokens, n, 'evil', `ww${n}`)).toEqual({ errcode: 40013, source: 'upstream' });
    }
    for (let n = 60; n < 70; n++) {
      expect(await guess(tokens, n, 'evil', `ww${n}`)).toEqual({ errcode: 45009, source: 'memory' });
    }
    expect(wecom.tokenCalls).toBe(60);
    expect(await guess(tokens, 70, 'other', 'ww70')).toEqual({ errcode: 40013, source: 'upstream' });
  });

  it('of a corp take nothing from who asks with the right one', async () => {
    const tokens = open();
    for (let n = 0; n < 60; n++) await guess(tokens, n, 'evil');
    expect(await told(tokens.get(request(SECRET, 'good')))).toMatchObject({ token: current() });
  });

  it('are refused 240 times an hour for all who failed before, and 60 times more for callers that did not', async () => {
    const tokens = open();
    for (let n = 0; n < 240; n++) await guess(tokens, n, `evil-${n % 4}`);
    expect(wecom.tokenCalls).toBe(240);
    for (let n = 0; n < 60; n++) {
      expect(await guess(tokens, 240 + n, `caller-${n}`)).toEqual({ errcode: 40001, source: 'upstream' });
      expect(await guess(tokens, 300 + n, `caller-${n}`)).toEqual({ errcode: 45009, source: 'memory' });
    }
    expect(wecom.tokenCalls).toBe(300);
    expect(await guess(tokens, 360, 'caller-60')).toEqual({ errcode: 45009, source: 'memory' });
  });

  it('leave places for many right ones at once of a caller that never failed', async () => {
    const tokens = open();
    for (let n = 0; n < 240; n++) await guess(tokens, n, `evil-${n % 4}`);
    for (let n = 0; n < 70; n++) wecom.addSecret(CORP, `right-${n}`);
    const all = await Promise.all(
      Array.from({ length: 70 }, (_, n) => told(tokens.get(request(`right-${n}`, 'good')))),
    );
    expect(all.filter((one) => 'token' in (one as object))).toHaveLength(70);
  });

  it('and fail at once take no more of the places for a first failure than one of each caller', async () => {
    const tokens = open();
    for (let n = 0; n < 240; n++) await guess(tokens, n, `evil-${n % 4}`);
    const all = Array.from({ length: 100 }, (_, n) => guess(tokens, 240 + n, `caller-${n % 5}`));
    expect(
      (await Promise.all(all)).filter((one) => (one as { errcode: number }).errcode === 40001),
    ).toHaveLength(5);
    expect(wecom.tokenCalls).toBe(245);
  });

  it('at once are no more than one after the other', async () => {
    const tokens = open();
    const all = await Promise.all(Array.from({ length: 100 }, (_, n) => guess(tokens, n, 'evil')));
    expect(wecom.tokenCalls).toBe(60);
    expect(all.filter((one) => (one as { errcode: number }).errcode === 45009)).toHaveLength(40);
  });

  it('do not wait for places longer than one question takes', async () => {
    wecom.behave('gettoken', hang());
    const tokens = open();
    const all = Promise.all(Array.from({ length: 200 }, (_, n) => guess(tokens, n, 'evil', `ww${n}`)));
    while (wecom.tokenCalls < 60) await wecom.nextHead('gettoken');
    await clock.advance(5_000);
    expect(new Set(await all)).toEqual(new Set(['WECOM_UNREACHABLE']));
    expect(wecom.tokenCalls).toBe(60);
  });

  it('that are right take nothing of the budget, however many come at once', async () => {
    const tokens = open();
    for (let n = 0; n < 100; n++) wecom.addSecret(CORP, `right-${n}`);
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, n) => told(tokens.get(request(`right-${n}`)))),
    );
    expect(all.filter((one) => 'token' in (one as object))).toHaveLength(100);
  });

  it('leave those alone that WeCom has accepted before', async () => {
    const tokens = open();
    await tokens.get(request());
    for (let n = 0; n < 60; n++) await guess(tokens, n, '10.0.0.1');
    wecom.revoke(CORP, SECRET);
    await clock.advance(7_200_000);
    expect(await told(tokens.get(request()))).toMatchObject({ token: current() });
  });

  it('leave those alone of which the registry knows that WeCom accepted them', async () => {
    const tokens = open();
    for (let n = 0; n < 60; n++) await guess(tokens, n, '10.0.0.1');
    expect(await told(tokens.get(request()))).toEqual({ errcode: 45009, source: 'memory' });
    const proven = { ...request(), isProven: true };
    expect(await told(tokens.get(proven))).toMatchObject({ token: current(), source: 'upstream' });
  });
});
