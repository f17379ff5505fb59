/** WeCom's limits, kept by the built process before WeCom has to. With two managers on one MongoDB: replicas.spec.ts. */
import { beforeAll, expect, it } from '@jest/globals';
import { onEachStoreNightly } from '../support/each-store.js';
import { call, jsonOf, postJsonBody } from '../support/http-call.js';
import { proxySuite } from '../support/proxy-suite.js';
import { inOneCount, isOver, tokenOfNewCorp } from '../support/quota.js';

const ENV = { CORP_CALLS_PER_MINUTE: '5', TOKENLESS_SYNCS_PER_MINUTE: '3' };

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
});
