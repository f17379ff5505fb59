/** WeCom's limits, kept by the built process before WeCom has to, alone and by two on one MongoDB. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type CallAnswer, call, jsonOf, postJsonBody } from '../support/http-call.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { proxySuite } from '../support/proxy-suite.js';
import { mongoPlace, onEachStoreNightly } from '../support/each-store.js';
import { newApp } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const MINUTE_MS = 60_000;
const ALONE_MS = 5_000;
const ENV = { CORP_CALLS_PER_MINUTE: '5', TOKENLESS_SYNCS_PER_MINUTE: '3' };

/** A token that the manager has given out, so that it knows whose it is. */
async function tokenOfNewCorp(managerUrl: string, wecom: WecomServer): Promise<string> {
  const { corpId } = newApp();
  wecom.addSecret(corpId, `secret-of-${corpId}`);
  const query = `corpid=${corpId}&corpsecret=secret-of-${corpId}`;
  const got = jsonOf(await call(`${managerUrl}/puppetWxkfManager/getToken?${query}`));
  return String(got.access_token);
}

/** When one of them last said that it counts alone, for 5 s, since the database is too slow. */
async function lastAloneMs(managers: readonly ManagerProcess[]): Promise<number> {
  const times = managers.map(async ({ url, log, line }) => {
    const requestId = `last-${log.length}`;
    await call(`${url}/nothing`, { headers: ['x-request-id', requestId] });
    // Everything before is in the log when this is.
    await line((one) => one.requestId === requestId);
    return log.filter(({ msg }) => msg === 'quota.counting_alone').map(({ time }) => Number(time));
  });
  return Math.max(0, ...(await Promise.all(times)).flat());
}

/**
 * Windows of MongoDB are those of its clock: what fell into two is made again, and so is what was not counted
 * there, on a machine that does other things.
 */
async function inOneCount(
  managers: () => readonly ManagerProcess[],
  make: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const startedMs = Date.now();
    const made = await make().then(
      () => ({ error: null }),
      (error: unknown) => ({ error }),
    );
    if (made.error === null) return;
    const isOneWindow = Math.floor(Date.now() / MINUTE_MS) === Math.floor(startedMs / MINUTE_MS);
    if (isOneWindow && (await lastAloneMs(managers())) < startedMs - ALONE_MS) throw made.error;
  }
}

const isOver = (answer: CallAnswer) => jsonOf(answer).errcode === 45009;

onEachStoreNightly((newPlace) => {
  const suite = proxySuite(ENV, newPlace);
  const newToken = () => tokenOfNewCorp(suite.manager.url, suite.wecom);
  const ask = (api: string, token: string, body: unknown = {}) =>
    call(suite.url(`${api}?access_token=${token}`), postJsonBody(body));

  const inOneWindow = (make: () => Promise<void>) => inOneCount(() => [suite.manager], make);

  // An API counts by itself once WeCom has answered to it.
  beforeAll(async () => {
    const token = await newToken();
    for (const api of ['kf/send_msg', 'kf/account/list', 'kf/sync_msg']) await ask(api, token);
  });

  it('answers calls over the limit as WeCom would, and says when it is worth while again', async () => {
    await inOneWindow(async () => {
      const token = await newToken();
      const made = suite.calls('kf/send_msg').length;
      for (let n = 0; n < 5; n++)
        expect(jsonOf(await ask('kf/send_msg', token))).toMatchObject({ errcode: 0 });
      const over = await ask('kf/send_msg', token);
      expect([over.status, jsonOf(over)]).toEqual([
        200,
        { errcode: 45009, errmsg: expect.stringMatching(/^api freq out of limit.*kf\/send_msg/) },
      ]);
      expect(Number(over.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(Number(over.headers['retry-after'])).toBeLessThanOrEqual(60);
      expect(suite.calls('kf/send_msg')).toHaveLength(made + 5);
      expect(isOver(await ask('KF/Send_Msg', token))).toBe(true);
      // Another API, and another corp, have a count of their own.
      expect(isOver(await ask('kf/account/list', token))).toBe(false);
      expect(isOver(await ask('kf/send_msg', await newToken()))).toBe(false);
    });
  });

  it('counts syncs without the token of an event apart from those with one', async () => {
    await inOneWindow(async () => {
      const token = await newToken();
      for (const body of [{ cursor: 'c' }, { token: '' }, { token: 5 }]) {
        expect(isOver(await ask('kf/sync_msg', token, body))).toBe(false);
      }
      const over = await ask('kf/sync_msg', token, { cursor: 'c', token: null });
      expect([over.status, isOver(over)]).toEqual([200, true]);
      for (let n = 0; n < 2; n++)
        expect(isOver(await ask('kf/sync_msg', token, { token: 'ENC1' }))).toBe(false);
    });
  });

  it('counts calls with tokens that nobody here knows together', async () => {
    await inOneWindow(async () => {
      const answers: CallAnswer[] = [];
      for (let n = 0; n < 7; n++) answers.push(await ask('kf/send_msg', `unknown-token-${n}`));
      expect(isOver(answers[6] as CallAnswer)).toBe(true);
    });
  });
});

mongoSuite('two managers on one database', () => {
  let place: Place;
  let wecom: WecomServer;
  let managers: ManagerProcess[];

  beforeAll(async () => {
    place = mongoPlace();
    wecom = await startWecomServer();
    const env = { ...place.env, ...ENV, WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: wecom.tokenUrl };
    managers = await Promise.all([startManager(env), startManager(env)]);
  });

  afterAll(async () => {
    await Promise.all(managers.map((manager) => manager.stop()));
    await wecom.close();
    await place.discard();
  });

  it('share a count', async () => {
    const urls = managers.map(
      ({ url }) => `${url}/puppetWxkfManager/wxkfRequestProxy/kf/sync_msg?access_token=`,
    );
    await inOneCount(
      () => managers,
      async () => {
        const token = await tokenOfNewCorp(managers[0]?.url ?? '', wecom);
        const before = wecom.callsTo('kf/sync_msg').length;
        let passed = 0;
        for (let n = 0; n < 10; n++) {
          for (const url of urls) if (!isOver(await call(url + token, postJsonBody({})))) passed++;
        }
        expect(passed).toBe(3);
        expect(wecom.callsTo('kf/sync_msg')).toHaveLength(before + passed);
      },
    );
  });
});
