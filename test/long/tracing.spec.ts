/** OpenTelemetry in the built process: what a receiver on a real socket gets of it, and what one that fails does to it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { call } from '../support/http-call.js';
import { NAMES_OPENTELEMETRY } from '../support/loaded-modules.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.js';
import { embeddedPlace, type Place } from '../support/place.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { findIn } from '../support/secret-forms.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  sealCallback,
  sendMessage,
  type WecomApp,
} from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SECRET = 'marked+secret/of&the=corp%25';
const CREDENTIAL = 'marked-credential_of-puppets';
const CALLBACK = 'POST /callback/:corpId';

let place: Place;
let wecom: WecomServer;
let puppet: PuppetServer;
let app: WecomApp;
let openKfId: string;
let manager: ManagerProcess;
let receiver: OtlpReceiver;

beforeAll(async () => {
  wecom = await startWecomServer();
});

afterAll(() => wecom.close());

beforeEach(async () => {
  puppet = await startPuppetServer();
  app = newApp();
  openKfId = newOpenKfId();
  wecom.addSecret(app.corpId, SECRET);
  wecom.addSecret(app.corpId, registrationOf(app, openKfId, '').corpSecret ?? '');
});

afterEach(() => puppet.close());

async function open(env: Readonly<Record<string, string>> = {}, taking?: OtlpReceiver): Promise<void> {
  place = embeddedPlace();
  receiver = taking ?? (await startOtlpReceiver());
  await start(env);
}

async function close(): Promise<void> {
  await manager.stop('SIGKILL');
  await receiver.close();
  await place.discard();
}

async function start(env: Readonly<Record<string, string>>): Promise<void> {
  manager = await startManager({
    ...place.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    HOST: '127.0.0.1',
    ACCESS_TOKEN_URL: wecom.tokenUrl,
    WECOM_API_URL: wecom.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...env,
  });
}

/** Of the account of this test. */
const accountSpan = (route: string): Promise<ReceivedSpan> =>
  receiver.span(({ name, attributes }) => name === route && attributes['wxkf.open_kf_id'] === openKfId);
const callbackSpan = (): Promise<ReceivedSpan> => accountSpan(CALLBACK);
const childOf = (parent: ReceivedSpan, child: string): Promise<ReceivedSpan> =>
  receiver.span(({ name, parentSpanId }) => name === child && parentSpanId === parent.spanId);
const routeSpan = (route: string): Promise<ReceivedSpan> => receiver.span(({ name }) => name === route);

async function sendTraced(traceId: string, flags: string): Promise<void> {
  const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
  const headers = ['traceparent', `00-${traceId}-${PARENT}-${flags}`, 'tracestate', 'rojo=1'];
  const url = `${manager.url}/callback/${app.corpId}?${new URLSearchParams(query)}`;
  await call(url, { method: 'POST', headers, body });
}

describe('spans', () => {
  beforeAll(() => open());
  afterAll(close);

  it('of a callback begin a trace, which goes to the puppet and into the line', async () => {
    await register(manager.url, app, openKfId, `${puppet.url}/marked-path`);
    const arrived = puppet.next();
    await sendMessage(manager.url, app, openKfId);
    const server = await callbackSpan();
    const client = await childOf(server, 'deliver');
    const { headers } = await arrived;
    expect(headers.traceparent).toBe(`00-${server.traceId}-${client.spanId}-01`);
    expect(server).toMatchObject({
      kind: 'server',
      parentSpanId: '',
      isFault: false,
      resource: { 'service.name': 'wxkf-manager' },
    });
    expect(server.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/callback/:corpId',
      'url.scheme': 'http',
      'http.response.status_code': 200,
      'wxkf.corp_id': app.corpId,
      'wxkf.open_kf_id': openKfId,
      'wxkf.outcome': 'delivered',
    });
    expect(client).toMatchObject({ kind: 'client', traceId: server.traceId, isFault: false });
    expect(client.attributes).toEqual({
      'http.request.method': 'POST',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(puppet.url).port),
      'http.response.status_code': 200,
      'wxkf.corp_id': app.corpId,
      'wxkf.open_kf_id': openKfId,
      'wxkf.attempt': 1,
    });
    await manager.line(({ msg, traceId }) => msg === 'callback.answered' && traceId === server.traceId);
  });

  it("belong to the caller's trace where it is of one", async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const arrived = puppet.next();
    await sendTraced(TRACE, '01');
    const server = await callbackSpan();
    const client = await childOf(server, 'deliver');
    const { headers } = await arrived;
    expect(server).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, traceState: 'rojo=1' });
    expect([headers.traceparent, headers.tracestate]).toEqual([`00-${TRACE}-${client.spanId}-01`, 'rojo=1']);
  });

  it('are not recorded where the caller records none, and what follows is told so', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const arrived = puppet.next();
    const traceId = '5'.repeat(32);
    await sendTraced(traceId, '00');
    const { headers } = await arrived;
    expect(headers.traceparent).toMatch(new RegExp(`^00-${traceId}-(?!${PARENT})[0-9a-f]{16}-00$`));
    // What is recorded after it comes after it.
    await sendTraced('6'.repeat(32), '01');
    await receiver.span((span) => span.traceId === '6'.repeat(32));
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it('of what was kept, and of its later deliveries, belong to its callback', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await sendMessage(manager.url, app, openKfId);
    const server = await callbackSpan();
    expect(server.attributes).toMatchObject({ 'wxkf.outcome': 'pending', 'wxkf.stage': 'connect' });
    const failed = await childOf(server, 'deliver');
    expect(failed).toMatchObject({ isFault: true, attributes: { 'error.type': 'connect' } });
    expect(await childOf(server, 'keep')).toMatchObject({ kind: 'internal', isFault: false });
    puppet = await startPuppetServer(undefined, Number(new URL(url).port));
    const { headers } = await puppet.next();
    const later = await receiver.span(
      ({ name, isFault, parentSpanId }) => name === 'deliver' && !isFault && parentSpanId === server.spanId,
    );
    expect(headers.traceparent).toBe(`00-${server.traceId}-${later.spanId}-01`);
    expect(later.attributes['wxkf.attempt']).toBeGreaterThan(1);
  });

  it('of a token and a call lead to WeCom, and of a failure to its cause', async () => {
    const asked = wecom.next('gettoken');
    const query = new URLSearchParams({ corpid: app.corpId, corpsecret: SECRET });
    await call(`${manager.url}/puppetWxkfManager/getToken?${query}`);
    const token = await routeSpan('GET /puppetWxkfManager/getToken');
    const question = await childOf(token, 'gettoken');
    expect((await asked).headers.traceparent).toBe(`00-${token.traceId}-${question.spanId}-01`);
    expect(question.attributes).toMatchObject({ 'wxkf.corp_id': app.corpId, 'wxkf.errcode': 0 });
    const called = wecom.next('kf/account/list');
    await call(`${manager.url}/puppetWxkfManager/wxkfRequestProxy/kf/account/list?access_token=marked`);
    const proxied = await routeSpan('GET /puppetWxkfManager/wxkfRequestProxy/*');
    const sent = await childOf(proxied, 'call');
    expect((await called).headers.traceparent).toBe(`00-${proxied.traceId}-${sent.spanId}-01`);
    expect(sent.attributes).toMatchObject({
      'wxkf.api': 'kf/account/list',
      'http.response.status_code': 200,
      'wxkf.errcode': 40014,
    });
    wecom.behave('kf/account/list', ({ response }) => void response.destroy());
    await call(`${manager.url}/puppetWxkfManager/wxkfRequestProxy/kf/account/list?access_token=marked`);
    const failed = await receiver.span(({ name, isFault }) => name === 'call' && isFault);
    expect(failed.attributes['error.type']).toBe('WECOM_UNREACHABLE');
    const answered = await receiver.span(({ spanId }) => spanId === failed.parentSpanId);
    expect(answered).toMatchObject({ isFault: true, attributes: { 'error.type': 'WECOM_UNREACHABLE' } });
  });

  it('come as http/json where that is asked for', async () => {
    await sendMessage(manager.url, app, openKfId);
    await receiver.span(({ attributes }) => attributes['wxkf.corp_id'] === app.corpId);
    expect(receiver.requests.at(-1)?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(String(receiver.requests.at(-1)?.body))).toHaveProperty('resourceSpans');
  });

  it('of a registration lead to the question for its secret; probes have none', async () => {
    await fetch(`${manager.url}/health/live`);
    await register(manager.url, app, openKfId, puppet.url);
    const server = await accountSpan('POST /puppetWxkfManager/register');
    expect(server.attributes).toMatchObject({ 'wxkf.corp_id': app.corpId });
    await childOf(server, 'gettoken');
    expect(receiver.spans.filter(({ name }) => name.includes('health'))).toEqual([]);
  });
});

it('hands all over by http/protobuf when it stops, and no secret', async () => {
  await open({
    OTEL_BSP_SCHEDULE_DELAY: '3600000',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=marked-key-of-the-receiver',
    OTEL_SERVICE_NAME: 'the-name-of-the-service',
    AUTH_PUPPET_TOKEN: CREDENTIAL,
    LOG_LEVEL: 'trace',
  });
  const headers = ['Authorization', `Bearer ${CREDENTIAL}`, 'Content-Type', 'application/json'];
  const registration = {
    ...registrationOf(app, openKfId, `${puppet.url}/marked-path`),
    corpSecret: SECRET,
  };
  await call(`${manager.url}/puppetWxkfManager/register`, {
    method: 'POST',
    headers,
    body: JSON.stringify(registration),
  });
  await call(`${manager.url}/callback/${app.corpId}?marked-query=1`, { method: 'POST', body: '<xml/>' });
  await sendMessage(manager.url, app, openKfId);
  const query = new URLSearchParams({ corpid: app.corpId, corpsecret: SECRET });
  const tokenAnswer = await call(`${manager.url}/puppetWxkfManager/getToken?${query}`, { headers });
  const proxied = `${manager.url}/puppetWxkfManager/wxkfRequestProxy/kf/account/list`;
  await call(`${proxied}?corpid=${app.corpId}`, { headers });
  await call(`${proxied}?access_token=marked-token-of-the-caller`, { headers });
  await call(`${manager.url}/marked-route?marked-query=1`);
  expect(receiver.requests).toEqual([]);
  expect(await manager.stop()).toBe(0);
  expect(receiver.requests).toHaveLength(1);
  const { access_token: accessToken } = JSON.parse(tokenAnswer.body.toString()) as { access_token: string };
  const secrets = [SECRET, CREDENTIAL, accessToken, app.token, app.encodingAESKey];
  const marks = ['marked-path', 'marked-query', 'marked-route', 'marked-token-of-the-caller'];
  const bytes = Buffer.concat(receiver.requests.map(({ body }) => body));
  expect(findIn(bytes, [...secrets, ...marks])).toEqual([]);
  expect(findIn(manager.output(), [...secrets, 'marked-key-of-the-receiver'])).toEqual([]);
  for (const text of ['the-name-of-the-service', CALLBACK, 'deliver', 'gettoken', app.corpId, openKfId])
    expect(bytes.includes(text)).toBe(true);
  expect(receiver.requests[0]?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-api-key': 'marked-key-of-the-receiver',
  });
  await close();
});

it('prints spans where that is asked for, and loads no exporter then', async () => {
  await open({
    NODE_OPTIONS: NAMES_OPENTELEMETRY,
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    OTEL_TRACES_EXPORTER: 'console',
  });
  await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, {});
  await manager.stop();
  expect(manager.output()).toContain('loaded ');
  expect(manager.output()).toContain('POST /callback/decrypted/:corpId');
  expect(manager.output()).not.toContain('otlp-transformer');
  await close();
});

it('a receiver that hangs holds up neither a callback nor the end', async () => {
  await open({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' }, await startOtlpReceiver(() => {}));
  const asked = receiver.nextRequest();
  await sendMessage(manager.url, app, newOpenKfId());
  await asked;
  await register(manager.url, app, openKfId, puppet.url);
  for (let n = 0; n < 20; n++) {
    const arrived = puppet.next();
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    await arrived;
  }
  expect(await manager.stop()).toBe(0);
  expect(manager.log.map(({ msg }) => msg)).toContain('manager.stopped');
  await close();
});
