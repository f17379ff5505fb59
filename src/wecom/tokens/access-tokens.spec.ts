import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import {
  CORP,
  clock,
  closeAll,
  current,
  data,
  metrics,
  open,
  openWecom,
  request,
  SECRET,
  told,
  toldInTime,
  untilReplaced,
  wecom,
} from '../../../test/support/token-replicas.js';
import { answer, hang, hold, html, reply, times } from '../../../test/support/wecom-faults.js';
import { AppError } from '../../kernel/app-error.js';
import { AccessTokenStore, TOKENS } from './access-token.store.js';
import type { AccessTokens } from './access-tokens.js';

const MINUTE_MS = 60_000;

beforeEach(openWecom);
afterEach(closeAll);

describe('a token', () => {
  it('is asked for once, and then given from store and memory with the seconds that it still has', async () => {
    const tokens = open();
    const token = current();
    expect(await told(tokens.get(request()))).toEqual({ token, expiresInS: 7_200, source: 'upstream' });
    await clock.advance(59_001);
    expect(await told(tokens.get(request()))).toEqual({ token, expiresInS: 7_140, source: 'store' });
    expect(await told(tokens.get(request()))).toEqual({ token, expiresInS: 7_140, source: 'memory' });
    expect(wecom.tokenCalls).toBe(1);
    expect(wecom.calls[0]?.query).toEqual({ corpid: CORP, corpsecret: SECRET });
  });

  it('is asked for once by 200 that come at once, over two replicas', async () => {
    const held = hold();
    wecom.behave('gettoken', held);
    const replicas = [open(), open()];
    const answers = Array.from({ length: 200 }, (_, n) =>
      told((replicas[n % 2] as AccessTokens).get(request())),
    );
    await held.arrived;
    await clock.advance(200);
    held.release();
    const [first] = await Promise.all([answers[0], clock.advance(0)]);
    await clock.advance(100);
    const all = await Promise.all(answers);
    expect(first).toMatchObject({ token: current(), source: 'upstream' });
    expect(new Set(all.map((one) => JSON.stringify({ ...(one as object), source: '' }))).size).toBe(1);
    expect(wecom.tokenCalls).toBe(1);
  });

  it('outlives a restart', async () => {
    await open().get(request());
    expect(await told(open().get(request()))).toMatchObject({ token: current(), source: 'store' });
    expect(wecom.tokenCalls).toBe(1);
  });

  it('of a secret is not that of another secret or corp', async () => {
    wecom.addSecret(CORP, 'second');
    wecom.addSecret('wwOther', SECRET);
    const tokens = open();
    const all = [request(), request('second'), request(SECRET, '', 'wwOther')].map((one) =>
      told(tokens.get(one)),
    );
    const values = (await Promise.all(all)).map((one) => (one as { token: string }).token);
    expect(new Set(values).size).toBe(3);
  });

  it('that another process asks for is waited for, and asked for where that one has died', async () => {
    const dead = open();
    wecom.behave('gettoken', times(1, hang()));
    const lost = told(dead.get(request()));
    await wecom.next('gettoken');
    // Died with its lease, which nobody gives back.
    const [leased] = data.of(TOKENS).records.values();
    await dead.onApplicationShutdown();
    expect(await lost).toBe('WECOM_UNREACHABLE');
    if (leased) data.of(TOKENS).records.set(leased.key, leased);
    const early = await toldInTime(open().get(request()), 50);
    expect(early).toBe('WECOM_UNREACHABLE');
    expect(await toldInTime(open().get(request()), 50)).toMatchObject({ token: current() });
    expect(wecom.tokenCalls).toBe(2);
  });
});

describe('a check', () => {
  it('is made for whoever asks a minute after the last answer, and once', async () => {
    const tokens = open();
    await tokens.get(request());
    await clock.advance(MINUTE_MS);
    await tokens.get(request());
    expect(wecom.tokenCalls).toBe(1);
    await clock.advance(1);
    const answers = await Promise.all(Array.from({ length: 20 }, () => told(tokens.get(request()))));
    expect(answers[0]).toMatchObject({ token: current(), expiresInS: 7_139 });
    expect(wecom.tokenCalls).toBe(2);
    await clock.advance(MINUTE_MS);
    await tokens.get(request());
    expect(wecom.tokenCalls).toBe(2);
  });

  it('is made once for all replicas', async () => {
    const [one, two] = [open(), open()];
    await one.get(request());
    await two.get(request());
    await clock.advance(MINUTE_MS + 1);
    expect(await told(one.get(request()))).toMatchObject({ source: 'upstream' });
    expect(await told(two.get(request()))).toMatchObject({ source: 'store' });
    expect(wecom.tokenCalls).toBe(2);
  });

  it('finds the token that took the place of one that was revoked', async () => {
    const tokens = open();
    await tokens.get(request());
    wecom.revoke(CORP, SECRET);
    await clock.advance(MINUTE_MS + 1);
    expect(await told(tokens.get(request()))).toEqual({
      token: current(),
      expiresInS: 7_200,
      source: 'upstream',
    });
  });

  it.each([
    ['is refused', answer(40001)],
    ['is told of a limit', answer(45009)],
    ['gets a page', html()],
    ['gets no token', reply(200, '{"errcode":0}')],
  ])('that %s leaves the token as it is, and is not made again for a minute', async (_what, behaviour) => {
    const tokens = open();
    await tokens.get(request());
    const token = current();
    wecom.behave('gettoken', behaviour);
    await clock.advance(MINUTE_MS + 1);
    expect(await told(tokens.get(request()))).toEqual({ token, expiresInS: 7_139, source: 'store' });
    expect(await told(tokens.get(request()))).toEqual({ token, expiresInS: 7_139, source: 'memory' });
    expect(wecom.tokenCalls).toBe(2);
    const { granted, refused, unreachable } = metrics.toJSON().questions;
    expect([granted, refused + unreachable]).toEqual([1, 1]);
  });

  it('that takes too long is not waited for beyond a second, and still counts', async () => {
    const tokens = open();
    await tokens.get(request());
    const old = current();
    const held = hold();
    wecom.behave('gettoken', held);
    await clock.advance(MINUTE_MS + 1);
    const answered = told(tokens.get(request()));
    await held.arrived;
    wecom.revoke(CORP, SECRET);
    await clock.advance(1_000);
    expect(await answered).toMatchObject({ token: old });
    held.release();
    await untilReplaced(tokens, old);
    expect(await told(tokens.get(request()))).toMatchObject({ token: current(), source: 'memory' });
  });

  it('after a restart is no reason to have no token', async () => {
    await open().get(request());
    await clock.advance(MINUTE_MS + 1);
    const tokens = open(`${await refusedUrl()}/cgi-bin/gettoken`);
    expect(await told(tokens.get(request()))).toMatchObject({ token: current(), source: 'store' });
  });
});

describe('the time that a token has', () => {
  it.each(['life', 'remaining'] as const)(
    'does not grow by asking, when WeCom says its %s',
    async (expiresIn) => {
      wecom.expiresIn = expiresIn;
      const tokens = open();
      await tokens.get(request());
      for (let n = 1; n <= 60; n++) {
        await clock.advance(MINUTE_MS + 1_000);
        expect(await told(tokens.get(request()))).toMatchObject({ expiresInS: 7_200 - n * 61 });
      }
      expect(wecom.tokenCalls).toBe(61);
    },
  );

  it('is over when WeCom still gives the token at its end: 1 s, and asked again', async () => {
    wecom.addSecret(CORP, SECRET, { lifeS: 7_205 });
    wecom.behave('gettoken', ({ response }) => {
      response.end(JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: current(), expires_in: 7_200 }));
    });
    const tokens = open();
    await tokens.get(request());
    const old = current();
    await clock.advance(7_201_000);
    expect(await told(tokens.get(request()))).toMatchObject({ token: old, expiresInS: 1 });
    await clock.advance(6_000);
    expect(await told(tokens.get(request()))).toMatchObject({ token: current(), expiresInS: 7_200 });
    expect(current()).not.toBe(old);
  });

  it('is what a gateway says, which is asked again when that is over', async () => {
    const tokens = open(wecom.gatewayTokenUrl);
    await clock.advance(1_000);
    wecom.tokenOf(CORP, SECRET);
    await clock.advance(7_190_000);
    expect(await told(tokens.get(request()))).toMatchObject({ expiresInS: 10, source: 'upstream' });
    await clock.advance(9_000);
    expect(await told(tokens.get(request()))).toMatchObject({ expiresInS: 1, source: 'store' });
    await clock.advance(1_001);
    expect(await told(tokens.get(request()))).toMatchObject({ expiresInS: 7_200, source: 'upstream' });
    expect(wecom.tokenCalls).toBe(2);
  });

  it('is taken from a gateway that gives a token more of it', async () => {
    wecom.behave('/gateway/token', reply(200, '{"access_token":"T","expires_in":300}'));
    const tokens = open(wecom.gatewayTokenUrl);
    await tokens.get(request());
    await clock.advance(200_000);
    expect(await told(tokens.get(request()))).toEqual({ token: 'T', expiresInS: 300, source: 'upstream' });
  });
});

describe('for calls of our own', () => {
  it('a token is not checked, and is renewed 5 to 6 minutes before its end while it still serves', async () => {
    const tokens = open();
    await tokens.getForCall(request());
    const old = current();
    await clock.advance(7_200_000 - 6 * MINUTE_MS - 1);
    await tokens.getForCall(request());
    expect(wecom.tokenCalls).toBe(1);
    wecom.revoke(CORP, SECRET);
    await clock.advance(MINUTE_MS + 1);
    const asked = wecom.next('gettoken');
    expect(await told(tokens.getForCall(request()))).toMatchObject({ token: old, source: 'memory' });
    await asked;
    await untilReplaced(tokens, old);
    expect(await told(tokens.getForCall(request()))).toMatchObject({ token: current(), expiresInS: 7_200 });
    expect(wecom.tokenCalls).toBe(2);
  });

  it('a token that a call found revoked is replaced at once, for all replicas', async () => {
    const [one, two] = [open(), open()];
    const first = (await one.get(request())) as { token: { id: string } };
    await two.get(request());
    wecom.revoke(CORP, SECRET);
    await one.revoke(first.token.id);
    expect(await told(one.getForCall(request()))).toMatchObject({ token: current(), source: 'upstream' });
    // The second had it in memory, and hears the same of its call.
    await two.revoke(first.token.id);
    expect(await told(two.getForCall(request()))).toMatchObject({ token: current(), source: 'store' });
    expect(wecom.tokenCalls).toBe(2);
  });

  it('a token that another process found revoked is given to nobody 2 s later', async () => {
    const [one, two] = [open(), open()];
    const first = (await one.get(request())) as { token: { id: string } };
    await two.get(request());
    wecom.revoke(CORP, SECRET);
    await one.revoke(first.token.id);
    await clock.advance(2_001);
    expect(await told(two.get(request()))).toMatchObject({ token: current(), source: 'upstream' });
  });

  it('a revocation that comes late does not touch the token that took its place', async () => {
    const tokens = open();
    const first = (await tokens.get(request())) as { token: { id: string } };
    wecom.revoke(CORP, SECRET);
    await tokens.revoke(first.token.id);
    await tokens.getForCall(request());
    await tokens.revoke(first.token.id);
    expect(await told(tokens.getForCall(request()))).toMatchObject({ source: 'memory' });
    expect(wecom.tokenCalls).toBe(2);
  });

  it('a token that WeCom gives once more keeps its time, and is not asked about at every call', async () => {
    const tokens = open();
    const first = (await tokens.get(request())) as { token: { id: string } };
    await clock.advance(100_000);
    for (let n = 0; n < 5; n++) {
      await tokens.revoke(first.token.id);
      expect(await told(tokens.getForCall(request()))).toMatchObject({ expiresInS: 7_100 });
    }
    expect(wecom.tokenCalls).toBe(2);
  });

  it('the corp of a token is known that any replica gave out, and of no other', async () => {
    const given = (await open().get(request())) as { token: { id: string } };
    const other = open();
    expect(await other.findOwnerOf(given.token.id)).toMatchObject({ corpId: CORP });
    expect(await other.findOwnerOf('nobody')).toBeNull();
  });

  it('a process that has just started knows the tokens that were replaced before', async () => {
    const one = open();
    const given: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { token } = (await one.getForCall(request())) as { token: { id: string } };
      given.push(token.id);
      wecom.revoke(CORP, SECRET);
      await one.revoke(token.id);
    }
    await one.getForCall(request());
    const started = open();
    for (const id of given) expect(await started.findOwnerOf(id)).toMatchObject({ corpId: CORP });
    // What is reported of an old one changes nothing.
    await started.revoke(given[0] ?? '');
    expect(await told(started.getForCall(request()))).toMatchObject({ token: current() });
  });
});

describe('a store that does not answer', () => {
  const unavailable = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));

  it('does not keep tokens from anybody, and one process asks once', async () => {
    const records = new MemoryRecords();
    records.meanwhile = unavailable;
    const tokens = open(wecom.tokenUrl, new AccessTokenStore(records));
    const answers = await Promise.all(Array.from({ length: 20 }, () => told(tokens.get(request()))));
    expect(answers[0]).toMatchObject({ token: current() });
    expect(wecom.tokenCalls).toBe(1);
    const given = (await tokens.get(request())) as { token: { id: string } };
    wecom.revoke(CORP, SECRET);
    await tokens.revoke(given.token.id);
    expect(await told(tokens.get(request()))).toMatchObject({ token: current() });
  });

  it('makes no stranger of a token that another process gave out', async () => {
    const given = (await open().get(request())) as { token: { id: string } };
    const records = new MemoryRecords(data);
    const { meanwhile } = records;
    records.meanwhile = unavailable;
    const other = open(wecom.tokenUrl, new AccessTokenStore(records));
    expect(await other.findOwnerOf(given.token.id)).toBeUndefined();
    records.meanwhile = meanwhile;
    expect(await other.findOwnerOf(given.token.id)).toMatchObject({ corpId: CORP });
  });
});
