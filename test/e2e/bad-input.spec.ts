/** What bad input gets from the built process: a 4xx that names the reason, and nothing else is affected. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  type WireCallback,
} from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const BODY_BYTES_MAX = 80_000;
const app = newApp();
const openKfId = newOpenKfId();
const MESSAGE_BOT = JSON.stringify({
  ...{ name: 'x', corpId: app.corpId, openKfIds: [newOpenKfId()], kind: 'puppet' },
  ...{ takes: 'message', corpSecret: 'corp-secret-of-the-tests' },
});
const good = sealCallback(app, kfMessageXml(app, openKfId));
let place: Place;
let manager: ManagerProcess;
let puppet: PuppetServer;
let wecom: WecomServer;

beforeAll(async () => {
  place = embeddedPlace();
  wecom = await startWecomServer();
  manager = await startManager({
    ...place.env,
    ACCESS_TOKEN_URL: wecom.tokenUrl,
    CALLBACK_BODY_MAX_BYTES: String(BODY_BYTES_MAX),
    LOG_LEVEL: 'trace',
  });
  puppet = await startPuppetServer();
  await register(manager.url, app, openKfId, puppet.url);
});

afterAll(async () => {
  // After all of it the next good callback is served as ever, and nothing was forwarded before.
  expect(puppet.received).toEqual([]);
  expect((await postCallback(manager.url, app, good)).status).toBe(200);
  await manager.stop();
  await Promise.all([puppet.close(), wecom.close()]);
  await place.discard();
});

interface Request {
  readonly path: string;
  readonly method?: string;
  readonly type?: string;
  readonly body?: string | Buffer;
}

async function answerTo({ path, method = 'POST', type = 'application/json', body }: Request) {
  const response = await fetch(`${manager.url}${path}`, {
    method,
    ...(body !== undefined && { body, headers: { 'content-type': type } }),
  });
  const answer = (await response.json()) as {
    code: number;
    error: string;
    message: string;
    requestId: string;
  };
  expect(answer.code).toBe(response.status);
  expect(answer.requestId).toBe(response.headers.get('x-request-id'));
  expect(answer.message).not.toMatch(/ at .*\.js|node_modules/);
  return `${answer.code} ${answer.error}: ${answer.message}`;
}

const callback = `/callback/${app.corpId}?${new URLSearchParams(good.query)}`;
const withQuery = (change: Record<string, string>): string =>
  `/callback/${app.corpId}?${new URLSearchParams({ ...good.query, ...change })}`;

it.each<[string, Request, RegExp]>([
  ['an empty body', { path: callback, body: '' }, /^400 CALLBACK_ENVELOPE_MALFORMED: .*the body is empty/],
  ['no body', { path: callback }, /^400 CALLBACK_ENVELOPE_MALFORMED: .*the body is empty/],
  ['XML without Encrypt', { path: callback, body: '<xml><a>1</a></xml>' }, /exactly one <Encrypt>/],
  [
    'bytes that are no text',
    { path: callback, body: Buffer.from([0xff, 0xfe, 0x00]) },
    /^400 CALLBACK_ENVELOPE_MALFORMED/,
  ],
  [
    'an XML bomb',
    { path: callback, body: '<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>' },
    /^400 CALLBACK/,
  ],
  [
    'a body over the limit',
    { path: callback, body: 'x'.repeat(BODY_BYTES_MAX + 1) },
    /^413 REQUEST_BODY_TOO_LARGE/,
  ],
  [
    'no query',
    { path: `/callback/${app.corpId}`, body: good.body },
    /^400 REQUEST_INVALID: .*msg_signature.*timestamp.*nonce/,
  ],
  [
    'a wrong signature',
    { path: withQuery({ msg_signature: 'a'.repeat(40) }), body: good.body },
    /^403 CALLBACK_SIGNATURE/,
  ],
  [
    'a nonce given twice',
    { path: `${callback}&nonce=2`, body: good.body },
    /^400 .*nonce must be given once/,
  ],
  [
    'a corp id of a wrong form',
    { path: callback.replace(app.corpId, 'ww%20x'), body: good.body },
    /^400 .*corpId in the path/,
  ],
  ['a verification without echostr', { path: callback, method: 'GET' }, /^400 .*echostr must be/],
  ['a path that is not percent-encoding', { path: '/callback/%zz', body: '' }, /^400 REQUEST_URL_INVALID/],
  [
    'a path part that is too long',
    { path: `/callback/${'w'.repeat(300)}`, body: '' },
    /^400 REQUEST_URL_INVALID/,
  ],
  ['an unknown route', { path: '/nothing', method: 'GET' }, /^404 ROUTE_NOT_FOUND/],
  [
    'a wrong method',
    { path: callback, method: 'DELETE' },
    /^405 ROUTE_METHOD_NOT_ALLOWED: .*GET, HEAD, POST/,
  ],
  [
    'a decrypted event that is no JSON',
    { path: '/callback/decrypted/ww1', body: '{' },
    /^400 REQUEST_BODY_NOT_JSON/,
  ],
  [
    'a decrypted event without an account',
    { path: '/callback/decrypted/ww1', body: '{}' },
    /^400 .*openKfId must be/,
  ],
  [
    'a decrypted event under another type',
    { path: '/callback/decrypted/ww1', type: 'text/plain', body: '{}' },
    /^415 .*Content-Type: application\/json/,
  ],
  [
    'a form',
    { path: '/puppetWxkfManager/register', type: 'application/x-www-form-urlencoded', body: 'kfId=wk1' },
    /^415/,
  ],
  [
    'a registration of nested values',
    { path: '/puppetWxkfManager/register', body: `{"kfId":${'['.repeat(900)}${']'.repeat(900)}}` },
    /^400 REQUEST_INVALID: .*kfId must be/,
  ],
  [
    'a registration of 70 kB',
    { path: '/puppetWxkfManager/register', body: JSON.stringify({ kfId: 'w'.repeat(70_000) }) },
    /^413 REQUEST_BODY_TOO_LARGE: .*at most 65536 bytes/,
  ],
  [
    'a bot that takes messages while SECRETS_KEY is not set',
    { path: '/api/v1/bots', body: MESSAGE_BOT },
    /^400 .*SECRETS_KEY is not set/,
  ],
])('answers %s with what is wrong', async (_what, request, answer) => {
  expect(await answerTo(request)).toMatch(answer);
});

async function answerOnSocket(bytes: string): Promise<string> {
  const { hostname, port } = new URL(manager.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return text(socket);
}

/** A callback in the bytes of its request, its head still open for lines that matter to the test. */
function bareCallback(method: string, { query, body }: WireCallback, lines: string[]): string {
  const head = [
    `${method} /callback/${app.corpId}?${new URLSearchParams(query)} HTTP/1.1`,
    `Content-Length: ${body.length}`,
    'Connection: close',
    ...lines,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Not for the puppet, which gets nothing before the end of the tests. */
const forNobody = () => sealCallback(app, '<xml><Event>other</Event></xml>');

it.each([
  ['no Host', bareCallback('POST', good, []), 400],
  ['another method with a body', bareCallback('QUERY', good, ['Host: x', 'Content-Type: a/b']), 405],
  ['the same without a type', bareCallback('QUERY', good, ['Host: x']), 405],
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\n${'X-Long: '.padEnd(20_000, 'y')}\r\n\r\n`, 431],
  [
    'a content length in words',
    'POST /callback/ww1 HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n',
    400,
  ],
])('answers %s on the bare socket in the same shape', async (_what, bytes, status) => {
  const answer = await answerOnSocket(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    code: status,
    requestId: expect.any(String),
  });
});

it.each(['text/xml/xml', '', 'a'.repeat(200)])(
  'takes a callback under a type that is none: "%s"',
  async (type) => {
    const request = bareCallback('POST', forNobody(), ['Host: x', `Content-Type: ${type}`]);
    expect(await answerOnSocket(request)).toMatch(/^HTTP\/1\.1 200 .*\r\nsuccess$/s);
  },
);

it('takes a callback with an expectation that it does not know as one without', async () => {
  const request = bareCallback('POST', forNobody(), ['Host: x', 'Expect: the-best']);
  expect(await answerOnSocket(request)).toMatch(/^HTTP\/1\.1 200 .*\r\nsuccess$/s);
});

it("takes a caller's x-request-id that is one, and makes one where it is not", async () => {
  const idOf = async (given: string) => {
    const response = await fetch(`${manager.url}/health/live`, { headers: { 'x-request-id': given } });
    return response.headers.get('x-request-id');
  };
  expect(await idOf('trace-1.a_B')).toBe('trace-1.a_B');
  expect(await idOf('no id, with blanks')).toMatch(/^[0-9a-f-]{36}$/);
});

it('logs none of the secrets that it was given, nor those in a URL', async () => {
  await fetch(
    `${manager.url}/puppetWxkfManager/getToken?corpid=ww1&corpsecret=marked-secret-1&access_token=marked-secret-2`,
  );
  await manager.line(({ msg }) => msg === 'token.answered');
  await fetch(`${manager.url}/puppetWxkfManager/tokens?corpsecret=marked-secret-3`);
  await manager.line(({ url }) => String(url).includes('corpsecret=***'));
  for (const secret of [app.token, app.encodingAESKey, 'corp-secret-of-the-tests', 'marked-secret']) {
    expect(manager.output()).not.toContain(secret);
  }
});

it('never answers bad input with a 5xx', () => {
  expect(manager.log.filter(({ status }) => Number(status) >= 500)).toEqual([]);
});
