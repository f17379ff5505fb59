/** What becomes of a callback that was signed once and is sent again, at once or much later. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { suiteManager } from '../support/suite-manager.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  nowS,
  postCallback,
  sealCallback,
  sealVerification,
} from '../support/wecom.js';

const MAX_SKEW_S = 300;
/** More than a test takes. */
const MARGIN_S = 60;

describe('a callback that is sent again', () => {
  const app = newApp();
  const openKfId = newOpenKfId();
  let puppet: PuppetServer;

  beforeAll(async () => {
    puppet = await startPuppetServer();
  });

  afterAll(() => puppet.close());

  const signedFromNow = (offS: number) =>
    sealCallback(app, kfMessageXml(app, openKfId), app.corpId, nowS() + offS);

  describe('with a limit', () => {
    const manager = suiteManager(() => {
      const place = embeddedPlace();
      return { ...place, env: { ...place.env, CALLBACK_MAX_SKEW_S: String(MAX_SKEW_S) } };
    });
    beforeAll(() => register(manager.url, app, openKfId, puppet.url));

    it('a callback that was signed within it is taken', async () => {
      const sent = signedFromNow(-MAX_SKEW_S + MARGIN_S);
      const response = await postCallback(manager.url, app, sent);
      expect([response.status, await response.text()]).toEqual([200, 'success']);
      expect(puppet.received.at(-1)?.body).toBe(sent.body);
    });

    it('a callback that was signed before is refused, with what to check', async () => {
      const before = puppet.received.length;
      const response = await postCallback(manager.url, app, signedFromNow(-MAX_SKEW_S - MARGIN_S));
      const answer = (await response.json()) as { error: string; message: string };
      expect([response.status, answer.error]).toEqual([403, 'CALLBACK_TIMESTAMP_OFF']);
      expect(answer.message).toMatch(/clock.*CALLBACK_MAX_SKEW_S/);
      expect(puppet.received).toHaveLength(before);
    });

    it('the same counts for a verification', async () => {
      const verify = async (offS: number) => {
        const query = sealVerification(app, 'opened', app.corpId, nowS() + offS);
        const response = await fetch(`${manager.url}/callback/${app.corpId}?${new URLSearchParams(query)}`);
        return response.status === 200 ? response.text() : response.status;
      };
      expect(await verify(-MAX_SKEW_S + MARGIN_S)).toBe('opened');
      expect(await verify(-MAX_SKEW_S - MARGIN_S)).toBe(403);
    });

    it('within it the same signature twice is harmless: the puppet is sent one event twice, under one id', async () => {
      puppet.received.length = 0;
      const sent = signedFromNow(0);
      for (let n = 0; n < 2; n++) {
        const response = await postCallback(manager.url, app, sent);
        expect([response.status, await response.text()]).toEqual([200, 'success']);
      }
      const ids = puppet.received.map(({ headers }) => headers['webhook-id']);
      expect(ids).toEqual([expect.stringMatching(/\w{8}/), ids[0]]);
      expect(puppet.received.map(({ body }) => body)).toEqual([sent.body, sent.body]);
      await postCallback(manager.url, app, signedFromNow(0));
      expect(puppet.received[2]?.headers['webhook-id']).not.toBe(ids[0]);
    });
  });
});
