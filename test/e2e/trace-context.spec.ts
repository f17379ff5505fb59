/** Traces are taken over and passed on, without OpenTelemetry: to puppets and WeCom, at once and later, on both stores. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CallAnswer, call, postJsonBody } from '../support/http-call.js';
import { NAMES_OPENTELEMETRY } from '../support/loaded-modules.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, registrationOf, startPuppetServer } from '../support/puppet-server.js';
// One of them is MongoDB.
import { onEachStoreNightly } from '../support/each-store.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback, type WecomApp } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const PARENT = '00f067aa0ba902b7';
const STATE = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';
let traces = 0;
/** Of a trace of its own. */
const newTraceId = () => (++traces).toString(16).padStart(32, '4bf92f3577b34da6a3ce929d0e0e4736');
const traceparentOf = (traceId: string) => `00-${traceId}-${PARENT}-01`;

onEachStoreNightly((newPlace) => {
  let place: Place;
  let wecom: WecomServer;
  let manager: ManagerProcess;
  let app: WecomApp;
  let openKfId: string;
  let puppet: PuppetServer;

  const start = async () => {
    manager = await startManager({
      ...place.env,
      ACCESS_TOKEN_URL: wecom.tokenUrl,
      WECOM_API_URL: wecom.url,
      LOG_LEVEL: 'trace',
      NODE_OPTIONS: NAMES_OPENTELEMETRY,
    });
  };

  beforeAll(async () => {
    place = newPlace();
    wecom = await startWecomServer();
    await start();
  });

  afterAll(async () => {
    await manager.stop();
    await wecom.close();
    await place.discard();
  });

  beforeEach(async () => {
    app = newApp();
    openKfId = newOpenKfId();
    puppet = await startPuppetServer();
    wecom.addSecret(app.corpId, registrationOf(app, openKfId, '').corpSecret ?? '');
  });

  afterEach(() => puppet.close());

  async function register(headers: readonly string[] = [], endpoint = puppet.url): Promise<void> {
    const options = postJsonBody(registrationOf(app, openKfId, endpoint));
    const url = `${manager.url}/puppetWxkfManager/register`;
    const { status } = await call(url, { ...options, headers: [...(options.headers ?? []), ...headers] });
    expect(status).toBe(200);
  }

  function sendEncrypted(headers: readonly string[]): Promise<CallAnswer> {
    const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
    const url = `${manager.url}/callback/${app.corpId}?${new URLSearchParams(query)}`;
    return call(url, { method: 'POST', headers: ['Content-Type', 'text/xml', ...headers], body });
  }

  function sendDecrypted(headers: readonly string[]): Promise<CallAnswer> {
    const options = postJsonBody({ token: 'sync', openKfId });
    const url = `${manager.url}/callback/decrypted/${app.corpId}`;
    return call(url, { ...options, headers: [...(options.headers ?? []), ...headers] });
  }

  const lineOf = (line: string, traceId: string) =>
    manager.line(({ msg, traceId: of }) => msg === line && of === traceId);

  it.each([
    ['encrypted', sendEncrypted],
    ['decrypted', sendDecrypted],
  ])('go to the puppet with an event that came %s, and into its line', async (form, send) => {
    await register();
    const traceId = newTraceId();
    const arrived = puppet.next();
    await send(['Traceparent', traceparentOf(traceId), 'TraceState', STATE]);
    const { headers } = await arrived;
    expect([headers.traceparent, headers.tracestate]).toEqual([traceparentOf(traceId), STATE]);
    expect(await lineOf('callback.answered', traceId)).toMatchObject({ form, outcome: 'delivered' });
  });

  it('are not invented: nothing is sent where nothing came', async () => {
    await register();
    const arrived = puppet.next();
    await sendEncrypted(['x-request-id', `of-${openKfId}`]);
    const { headers } = await arrived;
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^trace/)]));
    const line = await manager.line(({ requestId }) => requestId === `of-${openKfId}`);
    expect(line).not.toHaveProperty('traceId');
  });

  it('load nothing of OpenTelemetry, for which nobody has asked', async () => {
    await register();
    const traceId = newTraceId();
    await sendEncrypted(['traceparent', traceparentOf(traceId)]);
    await lineOf('callback.answered', traceId);
    expect(manager.output()).not.toContain('loaded ');
    expect(manager.output()).not.toContain('"tracing.');
  });

  it.each([
    ['that is none', `marked-${'5'.repeat(32)}`],
    ['that came twice', null],
  ])('%s are neither passed on nor in any line', async (_what, traceparent) => {
    await register();
    const values =
      traceparent === null ? ['a', 'b'].map((one) => traceparentOf(one.repeat(32))) : [traceparent];
    const arrived = puppet.next();
    const headers = values.flatMap((value) => ['traceparent', value]);
    await sendEncrypted([...headers, 'tracestate', STATE, 'x-request-id', `of-${openKfId}`]);
    const received = await arrived;
    expect([received.headers.traceparent, received.headers.tracestate]).toEqual([undefined, undefined]);
    await manager.line(({ requestId }) => requestId === `of-${openKfId}`);
    for (const value of values) expect(manager.output()).not.toContain(value.slice(3, 35));
  });

  it('are kept with the event, and go with it when the puppet is back', async () => {
    await register();
    const { url } = puppet;
    await puppet.close();
    const traceId = newTraceId();
    await sendEncrypted(['traceparent', traceparentOf(traceId), 'tracestate', STATE]);
    expect(await lineOf('callback.answered', traceId)).toMatchObject({ outcome: 'pending' });
    await manager.stop('SIGKILL');
    puppet = await startPuppetServer(undefined, Number(new URL(url).port));
    const arrived = puppet.next();
    await start();
    const { headers } = await arrived;
    expect([headers.traceparent, headers.tracestate]).toEqual([traceparentOf(traceId), undefined]);
    expect(await lineOf('hint.attempted', traceId)).toMatchObject({ openKfId, taken: true });
  });

  describe('to WeCom', () => {
    const SECRET = 'corp-secret-of-one-trace';
    const tokenUrl = () => {
      const query = new URLSearchParams({ corpid: app.corpId, corpsecret: SECRET });
      return `${manager.url}/puppetWxkfManager/getToken?${query}`;
    };

    it('go with the question for an access token that they caused, and with no other', async () => {
      wecom.addSecret(app.corpId, SECRET);
      const [first, second] = [newTraceId(), newTraceId()];
      const asked = wecom.next('gettoken');
      for (const traceId of [first, second]) {
        await call(tokenUrl(), { headers: ['traceparent', traceparentOf(traceId), 'tracestate', STATE] });
      }
      const { headers } = await asked;
      expect([headers.traceparent, headers.tracestate]).toEqual([traceparentOf(first), STATE]);
      expect(await lineOf('token.answered', first)).toMatchObject({ result: 'upstream' });
      expect(await lineOf('token.answered', second)).toMatchObject({ result: 'memory' });
    });

    it('go with the question for a secret that is registered', async () => {
      const traceId = newTraceId();
      const asked = wecom.next('gettoken');
      await register(['traceparent', traceparentOf(traceId)]);
      expect((await asked).headers.traceparent).toBe(traceparentOf(traceId));
      expect(await lineOf('http.answered', traceId)).toMatchObject({ url: '/puppetWxkfManager/register' });
    });

    it.each([
      ['as they came', traceparentOf('c'.repeat(32)), traceparentOf('c'.repeat(32)), STATE],
      ['not, where they are not valid', 'marked-and-wrong', undefined, undefined],
    ])('go with a proxied call %s', async (_what, traceparent, passedOn, state) => {
      const called = wecom.next('kf/account/list');
      await call(`${manager.url}/puppetWxkfManager/wxkfRequestProxy/kf/account/list?access_token=t`, {
        headers: ['TRACEPARENT', traceparent, 'tracestate', STATE],
      });
      const { headers } = await called;
      expect([headers.traceparent, headers.tracestate]).toEqual([passedOn, state]);
      const traceId = passedOn?.slice(3, 35);
      expect(
        await manager.line(({ msg, traceId: of }) => msg === 'proxy.answered' && of === traceId),
      ).toMatchObject({ api: 'kf/account/list' });
      expect(manager.output()).not.toContain('marked-and-wrong');
    });
  });
});
