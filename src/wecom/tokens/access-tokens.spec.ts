import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryAccessTokenStore, type TokenTable } from '../../../test/support/memory-access-token.store.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import { answer, hang, hold, html, reply, times } from '../../../test/support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../../../test/support/wecom-server.js';
import { loadConfig } from '../../config/config.js';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { WecomCounts } from '../wecom-counts.js';
import type { AccessTokenStore } from './access-token.store.js';
import { AccessTokens } from './access-tokens.js';
import type { TokenOutcome } from './token-outcome.js';
import { secondsLeft } from './token-record.js';
import { TokenSource } from './token-source.js';

const CORP = 'wwCorp_1';
const SECRET = 'the-secret+/of=it';
const MINUTE_MS = 60_000;

let clock: ManualClock;
let wecom: WecomServer;
let table: TokenTable;
let counts: WecomCounts;
const opened: AccessTokens[] = [];

/** A replica on the table, as it is after a start. */
function open(
  url = wecom.tokenUrl,
  store: AccessTokenStore = new MemoryAccessTokenStore(table),
): AccessTokens {
  const log = pino({ level: 'silent' });
  const source = new TokenSource(loadConfig({ ACCESS_TOKEN_URL: url }), clock, log);
  const tokens = new AccessTokens(store, source, clock, clock, counts, log);
  opened.push(tokens);
  return tokens;
}

beforeEach(async () => {
  clock = new ManualClock();
  table = new Map();
  counts = new WecomCounts();
  wecom = await startWecomServer({ nowMs: () => clock.nowMs() });
  wecom.addSecret(CORP, SECRET);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((tokens) => tokens.onApplicationShutdown()));
  await wecom.close();
  expect(clock.pendingTimers).toBe(0);
});

const request = (corpSecret = SECRET, caller = '10.0.0.1', corpId = CORP) => ({
  corpId,
  corpSecret: new Secret(corpSecret),
  caller,
});

/** What the caller is told: the token and its seconds, the errcode, or the code of what was thrown. */
async function told(outcome: Promise<TokenOutcome>) {
  try {
    const given = await outcome;
    if ('refusal' in given) return { errcode: given.refusal.errcode, source: given.source };
    const { token, source } = given;
    return { token: token.value.reveal(), expiresInS: secondsLeft(token, clock.nowMs()), source };
  } catch (error) {
    return error instanceof AppError ? error.code : error;
  }
}

/** The same, while time stands still but for what the outcome itself waits for. */
async function toldInTime(outcome: Promise<TokenOutcome>, stepMs: number) {
  let isOver = false;
  const answered = told(outcome).finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(stepMs);
  return answered;
}

/** Waits for what goes on in the background. */
async function untilReplaced(tokens: AccessTokens, old: string): Promise<void> {
  for (;;) {
    const outcome = await tokens.getForCall(request());
    if ('token' in outcome && outcome.token.value.reveal() !== old) return;
    await new Promise(setImmediate);
  }
}

const current = (): string => wecom.tokenOf(CORP, SECRET);

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
    const [row] = table.values();
    const lease = row?.lease ?? null;
    await dead.onApplicationShutdown();
    expect(await lost).toBe('WECOM_UNREACHABLE');
    if (row) row.lease = lease;
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
    const { granted, refused, unreachable } = counts.toJSON().questions;
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
    expect(await other.findCorpOf(given.token.id)).toBe(CORP);
    expect(await other.findCorpOf('nobody')).toBeNull();
  });
});

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
    expect(counts.toJSON().questions).toEqual({ granted: 0, refused: 0, unreachable: 1 });
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

describe('a store that does not answer', () => {
  class BrokenStore extends MemoryAccessTokenStore {
    override find(): Promise<never> {
      return Promise.reject(new AppError('STORE_UNAVAILABLE'));
    }
    override findByTokenId = this.find;
    override lease = this.find;
    override save = this.find;
    override release = this.find;
    override revoke = this.find;
  }

  it('does not keep tokens from anybody, and one process asks once', async () => {
    const tokens = open(wecom.tokenUrl, new BrokenStore());
    const answers = await Promise.all(Array.from({ length: 20 }, () => told(tokens.get(request()))));
    expect(answers[0]).toMatchObject({ token: current() });
    expect(wecom.tokenCalls).toBe(1);
    const given = (await tokens.get(request())) as { token: { id: string } };
    wecom.revoke(CORP, SECRET);
    await tokens.revoke(given.token.id);
    expect(await told(tokens.get(request()))).toMatchObject({ token: current() });
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

  it('are refused 60 times an hour for one corp, and 300 times for the process', async () => {
    const tokens = open();
    for (let n = 0; n < 60; n++) await guess(tokens, n, `caller-${n}`);
    expect(await guess(tokens, 60, 'caller-60')).toEqual({ errcode: 45009, source: 'memory' });
    for (let n = 61; n < 301; n++) await guess(tokens, n, `caller-${n}`, `ww${n}`);
    expect(wecom.tokenCalls).toBe(300);
    expect(await guess(tokens, 301, 'caller-301', 'ww301')).toEqual({ errcode: 45009, source: 'memory' });
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
});
