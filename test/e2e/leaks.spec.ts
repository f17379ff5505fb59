/**
 * Secrets with a mark go in wherever a secret can, by every route and with every fault that we know, at the most
 * talkative log level. Then they are looked for in all that came out: on both stores, embedded and MongoDB.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BotCreatedAnswer, BotWithKeyAnswer } from '../../src/api/bots/bots.dto.js';
import { readEvents } from '../support/event-stream.js';
import { type CallOptions, call, postJsonBody } from '../support/http-call.js';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { newSecretsKey, type Place } from '../support/place.js';
import {
  type Behaviour as PuppetBehaviour,
  type PuppetServer,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { findIn } from '../support/secret-forms.js';
import { findStored } from '../support/stored-bytes.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { addTunnelBot, basicOf, openTunnel } from '../support/tunnels.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback, sealVerification } from '../support/wecom.js';
import { answer, type Behaviour, cut, drop, html, reply, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const app = newApp();
const stranger = newApp();
/** Of the file of apps. */
const listed = newApp(app.corpId);
/** Added by an operator. */
const added = newApp(app.corpId);
const CREDENTIALS = {
  puppet: 'marked-credential_of-puppets',
  gateway: 'marked-credential_of-gateways',
  operator: 'marked-credential_of-operators',
  metrics: 'marked-credential_of-metrics',
};
const WRONG_CREDENTIAL = 'marked-credential_of-nobody';
/** With whatever has a meaning in a URL, in JSON or in a line of text. */
const CORP_SECRET = 'marked+secret/of&the=corp%25"?#';
const WRONG_SECRET = 'marked+secret/of&no=corp%25"?#';
const STRANGERS_SECRET = 'marked+secret/of&a=stranger%25"?#';
/** What WeCom repeats. */
const ECHOED = 'marked+secret/of&an=echo%25"?#';
const MADE_UP_TOKEN = 'marked-access-token_made-up';
const SECRETS_KEY = newSecretsKey();
const CLIENT_SECRET = 'marked-client-secret_of-oidc';

/** Of an account that a bot has. */
const ofBot = newOpenKfId();
const ofBots = newApp(app.corpId);
const QUERY_SECRET = 'marked-secret_of-a-query';
const HEADER_SECRET = 'marked secret/of a=header';
/** Made by the manager. */
const botKeys: string[] = [];

const refusing: PuppetBehaviour = (_request, response) => void response.writeHead(500).end(HEADER_SECRET);
const breaking: PuppetBehaviour = (_request, response) => void response.destroy();
const taking: PuppetBehaviour = (_request, response) => void response.end();

const OWN = [...Object.values(CREDENTIALS), SECRETS_KEY, CLIENT_SECRET];
const KEYS = [app, stranger, listed, added, ofBots].flatMap(({ token, encodingAESKey }) => [
  token,
  encodingAESKey,
]);
const CORP_SECRETS = [CORP_SECRET, WRONG_SECRET, STRANGERS_SECRET, ECHOED];
const OF_BOTS = [QUERY_SECRET, HEADER_SECRET];
const BEFOREHAND = [...OWN, WRONG_CREDENTIAL, ...KEYS, ...CORP_SECRETS, ...OF_BOTS, MADE_UP_TOKEN];

/** The rows of docs/reference/api.md, which test/architecture holds to be all that there are. */
const ROUTES = [...readFileSync('docs/reference/api.md', 'utf8').matchAll(/^\| `([A-Z]+) (\/\S+)` \|/gm)].map(
  ([, method = '', path = '']) => ({ method, path }),
);

const openKfId = newOpenKfId();
const basic = (secret: string): string => `Basic ${Buffer.from(`anybody:${secret}`).toString('base64')}`;
const REGISTER = '/puppetWxkfManager/register';
const DECRYPTED = `/callback/decrypted/${app.corpId}`;

onEachStoreNightly((newPlace) => {
  let folder: string;
  let place: Place;
  let puppet: PuppetServer;
  let wecom: WecomServer;
  let accessToken: string;
  /** Of a bot that opens tunnels. */
  let key: string;
  /** All that was written by processes that have ended. */
  let output = '';
  /** What an operator was told of deliveries. */
  let followed = '';
  /** Status, headers and body of every answer that is not the one that gives an access token. */
  const answers: string[] = [];
  const statuses = new Set<number>();

  async function ask(manager: ManagerProcess, path: string, options: CallOptions = {}): Promise<void> {
    const { status, rawHeaders, body } = await call(manager.url + path, options);
    statuses.add(status);
    const isGrant = path.startsWith('/puppetWxkfManager/getToken') && body.includes('"errcode":0');
    answers.push(JSON.stringify([status, rawHeaders]) + (isGrant ? '' : body.toString()));
  }

  const as = (secret: string, options: CallOptions = {}): CallOptions => ({
    ...options,
    headers: [...(options.headers ?? []), 'Authorization', basic(secret)],
  });

  const env = (): Record<string, string> => ({
    ...place.env,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'trace',
    SECRETS_KEY,
    AUTH_PUPPET_TOKEN: CREDENTIALS.puppet,
    AUTH_GATEWAY_TOKEN: CREDENTIALS.gateway,
    AUTH_OPERATOR_TOKEN: CREDENTIALS.operator,
    METRICS_TOKEN: CREDENTIALS.metrics,
    METRICS_CORP_LABEL: 'true',
    WECOM_APPS_FILE: join(folder, 'apps.json'),
    ACCESS_TOKEN_URL: wecom.tokenUrl,
    WECOM_API_URL: wecom.url,
    TUNNELS: 'true',
    PUBLIC_URL: 'http://127.0.0.1',
    OIDC_ISSUER: wecom.url,
    OIDC_CLIENT_ID: 'manager',
    OIDC_CLIENT_SECRET: CLIENT_SECRET,
    OIDC_ADMIN_GROUPS: 'ops',
    TUNNEL_CONNECT_TO: new URL(wecom.url).host,
  });

  /** By nobody, by a stranger, and by each role, with marks where a caller may have put a secret by mistake. */
  async function walkRoutes(manager: ManagerProcess): Promise<void> {
    for (const { method, path } of ROUTES) {
      const isProxied = path.endsWith('*');
      const filled = path.replace('*', 'kf/account/list').replace(/:\w+/, 'wkNobody');
      // What is passed on is the caller's own affair.
      const more = isProxied ? '' : `&corpsecret=${encodeURIComponent(CORP_SECRET)}&${WRONG_CREDENTIAL}`;
      const body = isProxied ? '{}' : JSON.stringify({ token: app.token, key: app.encodingAESKey });
      const options = {
        method,
        headers: ['Content-Type', 'application/json'],
        ...(method === 'POST' && { body }),
      };
      for (const secret of [null, WRONG_CREDENTIAL, ...Object.values(CREDENTIALS)]) {
        // It has no end, and is read by itself.
        if (path === '/api/v1/stream' && secret === CREDENTIALS.operator) continue;
        const url = `${filled}?access_token=${MADE_UP_TOKEN}${more}`;
        await ask(manager, url, secret === null ? options : as(secret, options));
      }
    }
  }

  async function register(manager: ManagerProcess, fields: Readonly<Record<string, unknown>> = {}) {
    const registration = { ...registrationOf(app, openKfId, puppet.url), corpSecret: CORP_SECRET, ...fields };
    await ask(manager, REGISTER, as(CREDENTIALS.puppet, postJsonBody(registration)));
  }

  async function registerInEveryWay(manager: ManagerProcess): Promise<void> {
    await register(manager);
    await manager.line(({ msg }) => msg === 'registry.secret_accepted');
    await register(manager, { endpoint: `${puppet.url}/moved`, token: listed.token });
    await register(manager, { endpoint: puppet.url });
    await register(manager, { corpSecret: WRONG_SECRET });
    await register(manager, { ...stranger, corpSecret: STRANGERS_SECRET });
    wecom.behave('gettoken', drop());
    await register(manager, { corpSecret: `${WRONG_SECRET}2` });
    wecom.behave('gettoken', usual);
    for (const field of ['kfId', 'endpoint', 'corpId', 'corpSecret', 'token', 'encodingAESKey']) {
      for (const value of [`${CORP_SECRET}\n`, [app.token], null])
        await register(manager, { [field]: value });
    }
    const withPassword = puppet.url.replace('//', `//puppet:${WRONG_CREDENTIAL}@`);
    await register(manager, { endpoint: withPassword });
    await register(manager, { kfId: newOpenKfId(), corpSecret: STRANGERS_SECRET, kfName: '二号' });
    for (const body of [`{"corpSecret":"${app.token}`, `${app.encodingAESKey}`, '{"__proto__":{"a":1}}']) {
      await ask(manager, REGISTER, as(CREDENTIALS.puppet, { ...postJsonBody(''), body }));
    }
    const large = `{"token":"${app.token.repeat(60_000)}"}`;
    await ask(manager, REGISTER, as(CREDENTIALS.puppet, { ...postJsonBody(''), body: large }));
  }

  /** The answer to one that is added shows its secrets, to whoever sent them. */
  async function addApps(manager: ManagerProcess): Promise<void> {
    const post = (body: object) => as(CREDENTIALS.operator, postJsonBody(body));
    const { status } = await call(`${manager.url}/api/v1/apps`, post({ ...added, name: 'added' }));
    expect(status).toBe(200);
    await ask(manager, '/api/v1/apps', post(added));
    for (const field of ['corpId', 'name', 'token', 'encodingAESKey', 'receiveIds']) {
      for (const value of [`${CORP_SECRET}\n`, { token: app.token }])
        await ask(manager, '/api/v1/apps', post({ ...added, [field]: value }));
    }
    await ask(manager, '/api/v1/apps', as(CREDENTIALS.operator));
  }

  /** The answers to one that is added, and to a new key, show secrets to whoever sent them. */
  async function addBots(manager: ManagerProcess): Promise<void> {
    const operator = (path: string, options: CallOptions) =>
      ask(manager, `/api/v1/bots${path}`, as(CREDENTIALS.operator, options));
    const bot = {
      name: 'bot',
      corpId: app.corpId,
      openKfIds: [ofBot],
      kind: 'callback',
      corpSecret: CORP_SECRET,
      callback: {
        url: `${puppet.url}/bot?code=${QUERY_SECRET}`,
        token: ofBots.token,
        encodingAESKey: ofBots.encodingAESKey,
        headers: { 'X-Secret': HEADER_SECRET },
      },
    };
    const path = `${manager.url}/api/v1/bots`;
    const added = await call(path, as(CREDENTIALS.operator, postJsonBody(bot)));
    expect(added.status).toBe(200);
    const { id, key } = JSON.parse(added.body.toString()) as BotCreatedAnswer;
    const renewal = as(CREDENTIALS.operator, postJsonBody({ overlapS: 60 }));
    const renewed = await call(`${path}/${id}/key`, renewal);
    botKeys.push(key, (JSON.parse(renewed.body.toString()) as BotWithKeyAnswer).key);
    for (const callback of [
      { ...bot.callback, url: `http://${CORP_SECRET}@x` },
      { ...bot.callback, token: `${app.token} ` },
      { ...bot.callback, headers: { host: HEADER_SECRET } },
    ])
      await operator('', postJsonBody({ ...bot, callback }));
    await operator('', {});
    await operator('', postJsonBody(bot));
    await operator(`/${id}`, {});
    await operator(`/${id}`, { ...postJsonBody({ callback: bot.callback }), method: 'PATCH' });
    await operator(`/${id}/verify`, { method: 'POST' });
    for (const one of botKeys) await callAsBot(manager, one);
    for (const behaviour of [refusing, breaking, taking]) {
      puppet.behave(behaviour);
      await ask(manager, DECRYPTED, as(CREDENTIALS.gateway, postJsonBody({ token: 'ENC', openKfId: ofBot })));
    }
  }

  /** In each of the ways in which a program may send its key, and where it may put it by mistake. */
  async function callAsBot(manager: ManagerProcess, key: string): Promise<void> {
    const body = postJsonBody({ open_kfid: ofBot });
    for (const api of ['kf/account/list', 'kf/sync_msg', 'user/get', '../x', '%zz']) {
      await ask(manager, `/bot/${key}/cgi-bin/${api}?access_token=${accessToken}`, body);
      await ask(manager, `//bot//${key}/cgi-bin/${api}?access_token=${MADE_UP_TOKEN}&key=${key}`, body);
      await ask(manager, `/cgi-bin/${api}?corpid=${app.corpId}`, as(key, body));
    }
    for (const path of [
      `/bot/${key}`,
      `/%62ot/${key}/cgi-bin/a`,
      `/cgi-bin/${key}`,
      `/${key}`,
      `/bot/${key}x/cgi-bin/a`,
    ])
      await ask(manager, path, body);
    await ask(manager, REGISTER, as(key, postJsonBody(registrationOf(app, ofBot, puppet.url))));
    await ask(manager, '/api/v1/status', as(key));
  }

  const FAULTS: readonly Behaviour[] = [
    answer(40001, `the secret ${ECHOED} of ${encodeURIComponent(ECHOED)} is wrong`),
    reply(500, `{"corpsecret":"${ECHOED}"}`),
    reply(200, `{"errcode":0,"access_token":["${ECHOED}"]}`),
    html(),
    cut(),
    drop(),
  ];

  async function askForTokens(manager: ManagerProcess): Promise<void> {
    const getToken = (secret: string, more = '') =>
      ask(
        manager,
        `/puppetWxkfManager/getToken?corpid=${app.corpId}&corpsecret=${encodeURIComponent(secret)}${more}`,
        as(CREDENTIALS.puppet),
      );
    await getToken(CORP_SECRET);
    await getToken(WRONG_SECRET);
    await getToken(CORP_SECRET, `&corpsecret=${WRONG_CREDENTIAL}`);
    await getToken(`${CORP_SECRET} \u00e4`);
    for (const fault of FAULTS) {
      wecom.behave('gettoken', fault);
      await getToken(ECHOED);
    }
    wecom.behave('gettoken', usual);
  }

  /** By programs that append their base twice, and by those that take one path for another. */
  async function misplaceKeys(manager: ManagerProcess): Promise<void> {
    for (const botKey of botKeys) {
      const again = `bot/${botKey}/cgi-bin/kf/account/list?access_token=${accessToken}`;
      for (const base of [`bot/${botKey}/cgi-bin`, 'cgi-bin', 'puppetWxkfManager/wxkfRequestProxy'])
        await ask(manager, `/${base}/${again}`, as(CREDENTIALS.puppet));
      await ask(manager, `/callback/${botKey}`);
      await ask(manager, `/callback/${botKey}`, { method: 'POST', body: '<xml/>' });
    }
  }

  async function callWecom(manager: ManagerProcess): Promise<void> {
    const proxy = (query: string, credential: string = CREDENTIALS.puppet) =>
      ask(manager, `/puppetWxkfManager/wxkfRequestProxy/kf/account/list?${query}`, as(credential));
    const own = `corpid=${app.corpId}&openKfId=${openKfId}`;
    await proxy(own);
    await proxy(`access_token=${accessToken}`);
    await proxy(`access_token=${MADE_UP_TOKEN}`);
    await proxy(`access_token=${accessToken}&access_token=${MADE_UP_TOKEN}`);
    await proxy(own, CREDENTIALS.operator);
    for (const fault of [html(), cut(), drop()]) {
      wecom.behave('kf/account/list', fault);
      await proxy(own);
      await proxy(`access_token=${accessToken}`);
    }
    wecom.behave('kf/account/list', usual);
    const bad = `/puppetWxkfManager/wxkfRequestProxy/../${MADE_UP_TOKEN}/%2e%2e?access_token=${accessToken}`;
    await ask(manager, bad, as(CREDENTIALS.puppet));
  }

  /** With each right and wrong key, wherever somebody may have put one. */
  async function askForTunnels(manager: ManagerProcess): Promise<void> {
    ({ key } = await addTunnelBot(manager.url, app.corpId, CREDENTIALS.operator));
    const [good, bad] = [basicOf(key), basicOf(WRONG_CREDENTIAL)];
    const asked: [string, string][] = [
      ['127.0.0.1:443', good],
      ['127.0.0.1:443', bad],
      ['127.0.0.1:443', ''],
      ['127.0.0.1:443', `Digest ${key}`],
      [`${key}:443`, good],
      [`${key}.example:443`, bad],
      [`bot:${key}@127.0.0.1:443`, good],
      [`https://bot:${key}@127.0.0.1:443/${key}`, good],
    ];
    for (const [target, credentials] of asked) {
      const opened = await openTunnel(manager.url, target, credentials, { via: key }).catch(() => null);
      if (opened === null) continue;
      if ('socket' in opened) opened.socket.destroy();
      else {
        const { status, rawHeaders, body } = opened.refused;
        statuses.add(status);
        answers.push(JSON.stringify([status, rawHeaders]) + body.toString());
      }
    }
  }

  async function sendCallbacks(manager: ManagerProcess): Promise<void> {
    const path = (query: Readonly<Record<string, string>>, corpId = app.corpId) =>
      `/callback/${corpId}?${new URLSearchParams(query)}`;
    const post = (body: string): CallOptions => ({
      method: 'POST',
      headers: ['Content-Type', 'text/xml'],
      body,
    });
    for (const by of [app, listed, added, { ...app, token: listed.token }, stranger]) {
      await ask(manager, path(sealVerification(by, 'echo')));
      const { query, body } = sealCallback(by, kfMessageXml(app, openKfId));
      await ask(manager, path(query), post(body));
      await ask(manager, path({ ...query, msg_signature: app.token, nonce: app.encodingAESKey }), post(body));
    }
    await ask(manager, path(sealVerification(stranger, 'echo'), stranger.corpId));
    puppet.behave((_request, response) => response.writeHead(500).end(CORP_SECRET));
    const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
    await ask(manager, path(query), post(body));
    puppet.behave((_request, response) => void response.destroy());
    const event = postJsonBody({ token: 'SYNC', openKfId });
    await ask(manager, DECRYPTED, as(CREDENTIALS.gateway, event));
    puppet.behave((_request, response) => void response.end());
    await ask(manager, DECRYPTED, as(CREDENTIALS.gateway, postJsonBody({ token: 1, openKfId: app.token })));
  }

  async function askForWhatIsNotThere(manager: ManagerProcess): Promise<void> {
    for (const path of ['/docs', '/docs-json', '/console', `/${CORP_SECRET}`, `/%zz${app.token}`]) {
      await ask(manager, encodeURI(path), as(CREDENTIALS.operator));
    }
    await ask(manager, '/health');
    for (const secret of [CREDENTIALS.operator, CREDENTIALS.metrics])
      await ask(manager, '/metrics', as(secret));
    const plain = { method: 'POST', headers: ['Content-Type', 'text/plain'], body: CORP_SECRET };
    await ask(manager, REGISTER, as(CREDENTIALS.puppet, plain));
    await ask(manager, REGISTER, as(CREDENTIALS.puppet, { ...plain, method: 'PUT' }));
    await ask(manager, '/health', {
      headers: ['Authorization', `Bearer ${'x'.repeat(20_000)}${WRONG_CREDENTIAL}`],
    });
    for (let n = 0; n < 35; n++) await ask(manager, REGISTER, as(WRONG_CREDENTIAL, { method: 'POST' }));
  }

  /** What operators do, with an account that has everything that is secret. */
  async function operate(manager: ManagerProcess): Promise<void> {
    const operator = (path: string, options: CallOptions = {}) =>
      ask(manager, `/api/v1/${path}`, as(CREDENTIALS.operator, options));
    const POST = { method: 'POST' };
    for (const path of [
      'status',
      'history',
      'deliveries',
      'refused-callbacks',
      'wecom-errors',
      'wecom-errors/calls',
      'hints',
      `accounts/${openKfId}`,
    ])
      await operator(path);
    for (const q of [
      '',
      '?limit=200',
      `?q=${app.token}`,
      `?outcome=${app.encodingAESKey}&q=a`,
      `?corpId=${MADE_UP_TOKEN}&state=${app.token}`,
    ])
      await operator(`accounts${q}`);
    await operator(`accounts/${openKfId}/test`, POST);
    await operator(`hints/${openKfId}/replay`, POST);
    await operator(`hints/${openKfId}?corpId=${encodeURIComponent(CORP_SECRET)}`, { method: 'DELETE' });
    await operator('hints/replay', postJsonBody({ state: app.encodingAESKey, corpId: CORP_SECRET }));
    await operator('hints/replay', postJsonBody({ state: 'dead' }));
    await operator(`hints/${openKfId}`, { method: 'DELETE' });
  }

  const WRONG_SETTINGS: Readonly<Record<string, string>> = {
    SECRETS_KEY: `${SECRETS_KEY.slice(1)}!`,
    AUTH_PUPPET_TOKEN: `${WRONG_CREDENTIAL} `,
    HTTPS_PROXY: `socks5://egress:${WRONG_CREDENTIAL}@proxy`,
    DATA_DIR: '',
    MONGO_URI: `mongo://user:${WRONG_CREDENTIAL}@127.0.0.1`,
    LOG_LEVEL: 'loud',
    LOG_FORMAT: 'pretty',
  };

  async function startInVain(more: Readonly<Record<string, string>>): Promise<void> {
    const failed = spawnManager({ ...env(), ...more });
    expect(await failed.exited).toBe(1);
    output += failed.output();
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wxkf-leaks-'));
    writeFileSync(join(folder, 'apps.json'), JSON.stringify([listed]));
    place = newPlace();
    [puppet, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
    for (const secret of [CORP_SECRET, STRANGERS_SECRET]) wecom.addSecret(app.corpId, secret);
    accessToken = wecom.tokenOf(app.corpId, CORP_SECRET);
    const manager = await startManager(env());
    const stream = await readEvents(`${manager.url}/api/v1/stream`, {
      authorization: basic(CREDENTIALS.operator),
    });
    await registerInEveryWay(manager);
    await addApps(manager);
    await addBots(manager);
    await askForTokens(manager);
    await callWecom(manager);
    await misplaceKeys(manager);
    await askForTunnels(manager);
    await sendCallbacks(manager);
    await operate(manager);
    await walkRoutes(manager);
    await askForWhatIsNotThere(manager);
    await manager.stop();
    await stream.ended;
    followed = stream.text();
    output += manager.output();
    const again = await startManager({
      ...env(),
      ACCESS_TOKEN_URL: await refusedUrl(),
    });
    await register(again, { corpSecret: WRONG_SECRET });
    await again.stop();
    output += again.output();
    const otherKey = { SECRETS_KEY: newSecretsKey(), LOG_FORMAT: 'pretty' };
    await Promise.all([startInVain(otherKey), startInVain(WRONG_SETTINGS)]);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([puppet.close(), wecom.close(), place.discard()]);
    rmSync(folder, { recursive: true });
  });

  const all = (): string[] => [...BEFOREHAND, accessToken, ...botKeys, key];

  it('met every kind of answer', () => {
    const met = [200, 400, 401, 403, 404, 405, 407, 409, 413, 415, 429, 431, 503, 504];
    expect(met.filter((status) => !statuses.has(status))).toEqual([]);
    expect(answers.length).toBeGreaterThan(150);
    expect(puppet.received.length).toBeGreaterThan(0);
  });

  it('shows none in the log or on standard error', () => {
    expect(output.split('\n').length).toBeGreaterThan(250);
    expect(output).toMatch(/"level":20,/);
    expect(findIn(output, [app.corpId])).toEqual([app.corpId]);
    expect(findIn(output, all())).toEqual([]);
  });

  it('shows none in an answer, those with metrics included', () => {
    expect(answers.filter((text) => text.includes('wxkf_corp_callbacks_total')).length).toBeGreaterThan(2);
    expect(findIn(answers.join('\n'), all())).toEqual([]);
  });

  it('shows none to who follows the deliveries', () => {
    expect(followed).toContain(openKfId);
    expect(findIn(followed, all())).toEqual([]);
  });

  it('sends none to a puppet', () => {
    const sent = puppet.received.map(({ target, headers, body }) => JSON.stringify([target, headers, body]));
    // Those are a bot's own.
    const isOthers = (secret: string) => !OF_BOTS.includes(secret);
    expect(findIn(sent.join('\n'), all().filter(isOthers))).toEqual([]);
  });

  it('sends WeCom its secrets and tokens, and none that are not its own', () => {
    const sent = wecom.calls.map(({ target, rawHeaders, text }) =>
      JSON.stringify([target, rawHeaders, text]),
    );
    expect(findIn(sent.join('\n'), [CORP_SECRET, accessToken])).toEqual([CORP_SECRET, accessToken]);
    expect(findIn(sent.join('\n'), [...OWN, WRONG_CREDENTIAL, ...KEYS, ...OF_BOTS, ...botKeys])).toEqual([]);
  });

  it('stores none', async () => {
    expect(await findStored(place, all())).toEqual([]);
  });
});
