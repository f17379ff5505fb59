/**
 * The metrics of the built process agree with what really happened, as its puppets, its WeCom, those who called it
 * and, for what nobody outside can see, its log have seen it. On both stores, embedded and MongoDB.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { call, openSocket } from '../support/http-call.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { type Samples, scrape } from '../support/metrics.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, postJson, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { findIn } from '../support/secret-forms.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sealCallback, sendMessage, sendVerification } from '../support/wecom.js';
import { answer, drop, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const SCRAPER = 'marked-secret-of-the-metrics';
const AS_SCRAPER = { authorization: `Bearer ${SCRAPER}` };
const RIGHT = 'marked-secret-that-wecom-knows';
const WRONG = 'marked-secret-of-nobody';
const PATH = '/marked-path';
const app = newApp();
const stranger = newApp();
const [good, away, unknown] = [newOpenKfId(), newOpenKfId(), newOpenKfId()];

type Counts = Record<string, number>;

/** `name{label values}` of all that was counted and is not 0, but for operations on the store, which are its own affair. */
function countedIn(samples: Samples): Counts {
  const counts: Counts = {};
  for (const { name, type, samples: of } of samples.families.values()) {
    if (!name.startsWith('wxkf_') || name.startsWith('wxkf_store_') || type === 'gauge') continue;
    const counted = type === 'counter' ? of : of.filter((sample) => sample.name === `${name}_count`);
    for (const { labels, value } of counted) {
      if (value !== 0) counts[`${name}{${Object.values(labels).join()}}`] = value;
    }
  }
  return counts;
}

function count(counts: Counts, name: string, labels: readonly unknown[], by = 1): void {
  const key = `${name}{${labels.join()}}`;
  if (by > 0) counts[key] = (counts[key] ?? 0) + by;
}

onEachStoreNightly((newPlace) => {
  let place: Place;
  let manager: ManagerProcess;
  let wecom: WecomServer;
  let puppet: PuppetServer;
  let other: PuppetServer;
  /** What was answered with an error, by its code. */
  const errors: Counts = {};
  /** By puppets. */
  let received = 0;
  let refusals = 0;
  let before: Counts;
  let parked: Samples;
  let after: Samples;

  const env = (): Record<string, string> => ({
    ...place.env,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'debug',
    METRICS_TOKEN: SCRAPER,
    ACCESS_TOKEN_URL: wecom.tokenUrl,
    WECOM_API_URL: wecom.url,
  });

  /** @returns the status, 200 or that of the error, which is noted. */
  async function told(answered: Promise<Response>): Promise<number> {
    const response = await answered;
    const text = await response.text();
    const { error } = text.startsWith('{') ? JSON.parse(text) : { error: undefined };
    if (typeof error === 'string') count(errors, 'wxkf_error_answers_total', [error]);
    return response.status;
  }

  const register = (openKfId: string, endpoint: string, fields: object = {}) =>
    told(
      postJson(`${manager.url}/puppetWxkfManager/register`, {
        ...registrationOf(app, openKfId, endpoint),
        corpSecret: RIGHT,
        ...fields,
      }),
    );
  const deregister = (openKfId: string) =>
    told(postJson(`${manager.url}/puppetWxkfManager/deregister`, { kfId: openKfId, corpId: app.corpId }));
  const send = (openKfId: string, by = app) => told(sendMessage(manager.url, by, openKfId));
  const sendOpened = (openKfId: string, token = 'SYNC') =>
    told(postJson(`${manager.url}/callback/decrypted/${app.corpId}`, { token, openKfId }));
  const get = (path: string, headers = {}) => told(fetch(manager.url + path, { headers }));
  const post = (path: string, body: string) => told(fetch(manager.url + path, { method: 'POST', body }));
  const getToken = (secret: string) =>
    get(`/puppetWxkfManager/getToken?corpid=${app.corpId}&corpsecret=${secret}`);
  const proxied = (query: string) => get(`/puppetWxkfManager/wxkfRequestProxy/kf/account/list?${query}`);

  async function registerPuppets(): Promise<void> {
    expect(await register(good, puppet.url + PATH)).toBe(200);
    await manager.line(({ msg }) => msg === 'registry.secret_accepted');
    expect(await register(away, other.url + PATH)).toBe(200);
    expect(await register(good, puppet.url, { ...stranger })).toBe(409);
    expect(await register(good, 'http://169.254.169.254')).toBe(400);
    expect(await register(good, 'not an endpoint')).toBe(400);
  }

  async function sendCallbacks(): Promise<void> {
    for (let n = 0; n < 3; n++) expect(await send(good)).toBe(200);
    for (let n = 0; n < 2; n++) expect(await sendOpened(good, `SYNC-${n}`)).toBe(200);
    const { query, body } = sealCallback(app, '<xml><Event><![CDATA[change_contact]]></Event></xml>');
    expect(await post(`/callback/${app.corpId}?${new URLSearchParams(query)}`, body)).toBe(200);
    expect(await send(good, { ...app, token: stranger.token })).toBe(403);
    expect(await send(good, stranger)).toBe(404);
    expect(await post(`/callback/${app.corpId}?${new URLSearchParams(query)}`, `${WRONG}`)).toBe(400);
    expect(await sendOpened(`${WRONG} `)).toBe(400);
    expect(await told(sendVerification(manager.url, app, 'echo'))).toBe(200);
    expect(await told(sendVerification(manager.url, { ...app, token: stranger.token }, 'echo'))).toBe(403);
  }

  /** A puppet refuses and then takes; is down and comes back; another comes late. */
  async function keepAndDeliver(): Promise<void> {
    const isTaken = (openKfId: string, times: number) =>
      manager.line(() => takenLater(openKfId).length === times);
    other.behave((_request, response) => {
      refusals++;
      response.writeHead(500).end();
    });
    expect(await send(away)).toBe(200);
    other.behave((_request, response) => void response.end('success'));
    await isTaken(away, 1);
    received += other.received.length;
    await other.close();
    for (let n = 0; n < 2; n++) expect(await sendOpened(away, `LATER-${n}`)).toBe(200);
    expect(await send(unknown)).toBe(200);
    parked = await scrape(manager.url, AS_SCRAPER);
    expect(await register(unknown, puppet.url)).toBe(200);
    await isTaken(unknown, 1);
    other = await startPuppetServer(undefined, Number(new URL(other.url).port));
    await isTaken(away, 2);
    expect(await deregister(away)).toBe(200);
    expect(await deregister(away)).toBe(200);
    received += puppet.received.length + other.received.length;
  }

  async function callWecom(): Promise<void> {
    for (let n = 0; n < 2; n++) expect(await getToken(RIGHT)).toBe(200);
    expect(await getToken(WRONG)).toBe(200);
    expect(await getToken('')).toBe(200);
    wecom.behave('gettoken', drop());
    expect(await getToken(`${WRONG}-2`)).toBe(504);
    wecom.behave('gettoken', usual);
    const accessToken = wecom.tokenOf(app.corpId, RIGHT);
    expect(await proxied(`access_token=${accessToken}`)).toBe(200);
    expect(await proxied(`access_token=${WRONG}`)).toBe(200);
    wecom.behave('kf/account/list', answer(99_999, 'of no documentation'));
    expect(await proxied(`access_token=${accessToken}`)).toBe(200);
    wecom.behave('kf/account/list', drop());
    expect(await proxied(`access_token=${accessToken}`)).toBe(504);
    wecom.behave('kf/account/list', usual);
    expect(await proxied(`corpid=${app.corpId}`)).toBe(401);
  }

  async function askWrongly(): Promise<void> {
    expect(await get(`/${WRONG}`)).toBe(404);
    expect(await get('/metrics')).toBe(401);
    expect(await get('/metrics', { authorization: `Bearer ${WRONG}` })).toBe(401);
    const socket = openSocket(manager.url, 'NONSENSE\r\n\r\n');
    expect(String(await socket.toArray())).toMatch(/^HTTP\/1.1 400 /);
    count(errors, 'wxkf_error_answers_total', ['REQUEST_MALFORMED']);
  }

  beforeAll(async () => {
    place = newPlace();
    [wecom, puppet, other] = await Promise.all([
      startWecomServer(),
      startPuppetServer(),
      startPuppetServer(),
    ]);
    wecom.addSecret(app.corpId, RIGHT);
    manager = await startManager(env());
    before = countedIn(await scrape(manager.url, AS_SCRAPER));
    await registerPuppets();
    await sendCallbacks();
    await keepAndDeliver();
    await callWecom();
    await askWrongly();
    // Outcomes are written, and log lines, a moment after those outside have seen the last of them.
    await until(async () => {
      after = await scrape(manager.url, AS_SCRAPER);
      return after.sum('wxkf_hints') === 0 && after.value('wxkf_callbacks_under_way') === 0;
    });
    await manager.line(({ msg, url }) => msg === 'http.answered' && url === `/${WRONG}`);
  });

  afterAll(async () => {
    await manager.stop();
    await Promise.all([puppet.close(), other.close(), wecom.close()]);
    await place.discard();
  });

  const takenLater = (openKfId: string) =>
    linesOf('hint.attempted').filter((line) => line.openKfId === openKfId && line.taken === true);
  const linesOf = (msg: string) => manager.log.filter((line) => line.msg === msg);
  const counted = (prefix: string): Counts =>
    Object.fromEntries(Object.entries(countedIn(after)).filter(([key]) => key.startsWith(prefix)));

  it('counts nothing before anything happens', () => {
    expect(before).toEqual({});
  });

  it('counts callbacks and verifications by what was answered', () => {
    const counts: Counts = {};
    for (const { form, outcome } of linesOf('callback.answered')) {
      if (form === 'verification') count(counts, 'wxkf_verification_requests_total', [outcome]);
      else count(counts, 'wxkf_callback_duration_seconds', [form, outcome]);
    }
    expect({ ...counted('wxkf_callback_'), ...counted('wxkf_verification_') }).toEqual(counts);
    expect(counts).toMatchObject({
      'wxkf_callback_duration_seconds{encrypted,ignored}': 1,
      'wxkf_callback_duration_seconds{encrypted,refused}': 3,
      'wxkf_callback_duration_seconds{decrypted,refused}': 1,
      'wxkf_verification_requests_total{verified}': 1,
      'wxkf_verification_requests_total{refused}': 1,
    });
    const name = 'wxkf_callback_duration_seconds_count';
    const [delivered, pending] = ['delivered', 'pending'].map((result) => after.sum(name, { result }));
    expect([delivered, pending]).toEqual([3 + 2, 1 + 2 + 1]);
  });

  it('counts deliveries as the puppets have seen them, and those that none has seen as the log has', () => {
    const name = 'wxkf_delivery_duration_seconds_count';
    expect(after.sum(name, { stage: 'status' })).toBe(refusals);
    expect(after.sum(name, { outcome: 'taken' })).toBe(received - refusals);
    expect(after.value(name, { occasion: 'registration', outcome: 'taken' })).toBe(1);
    const later = linesOf('hint.attempted').map(({ stage = '' }) => String(stage));
    for (const stage of new Set(later)) {
      const inAll = after.sum(name, { stage });
      const inline = after.sum(name, { occasion: 'inline', stage });
      expect([stage, inAll - inline]).toEqual([stage, later.filter((one) => one === stage).length]);
    }
  });

  it('counts what was kept by its stage, what joined it, and how old it was when it was taken', () => {
    const kept: Counts = {};
    for (const { outcome, stage } of linesOf('callback.answered'))
      if (outcome === 'pending') count(kept, 'wxkf_hints_kept_total', [stage]);
    expect(counted('wxkf_hints_')).toEqual({ ...kept, 'wxkf_hints_coalesced_total{}': 1 });
    expect(parked.value('wxkf_hints', { state: 'parked' })).toBe(1);
    expect(parked.value('wxkf_hints', { state: 'waiting' })).toBe(1);
    expect(parked.value('wxkf_oldest_waiting_hint_age_seconds')).toBeGreaterThan(0);
    expect(after.value('wxkf_hint_age_seconds_count', { occasion: 'registration' })).toBe(1);
    expect(after.sum('wxkf_hint_age_seconds_count')).toBe(1 + 1 + 1);
    expect(after.sum('wxkf_hint_age_seconds_sum')).toBeGreaterThan(0);
  });

  it('counts tokens and calls as WeCom and their callers have seen them', () => {
    const asked = wecom.callsTo('gettoken').map(({ query }) => query.corpsecret);
    const tokens: Counts = {};
    for (const { result } of linesOf('token.answered')) count(tokens, 'wxkf_token_requests_total', [result]);
    expect(counted('wxkf_token_')).toEqual({
      ...tokens,
      'wxkf_token_inquiry_duration_seconds{granted}': asked.filter((secret) => secret === RIGHT).length,
      'wxkf_token_inquiry_duration_seconds{refused}': asked.filter((secret) => secret === WRONG).length,
      'wxkf_token_inquiry_duration_seconds{unreachable}': 1,
    });
    const good = ['memory', 'store', 'upstream'].map((source) =>
      after.value('wxkf_token_requests_total', { source }),
    );
    expect(good.reduce((a, b) => a + b)).toBe(2);
    expect({ ...counted('wxkf_wecom_errors_'), ...counted('wxkf_proxy_') }).toEqual({
      'wxkf_wecom_errors_total{gettoken,40001}': 1,
      'wxkf_wecom_errors_total{call,40014}': 1,
      'wxkf_wecom_errors_total{call,other}': 1,
      'wxkf_proxy_call_duration_seconds{answered}': 3,
      'wxkf_proxy_call_duration_seconds{unreachable}': 1,
      'wxkf_proxy_call_duration_seconds{refused}': 1,
    });
  });

  it('counts registrations, and every error answer by its code', () => {
    expect(counted('wxkf_registrations_')).toEqual({
      'wxkf_registrations_total{register,accepted}': 3,
      'wxkf_registrations_total{register,refused}': 2,
      'wxkf_registrations_total{deregister,accepted}': 2,
    });
    // On the routes that stand for WeCom's own an error has no code of ours.
    const wecoms = {
      'wxkf_error_answers_total{WECOM_UNREACHABLE}': 2,
      'wxkf_error_answers_total{PROXY_UNAUTHENTICATED}': 1,
    };
    expect(counted('wxkf_error_')).toEqual({ ...errors, ...wecoms });
  });

  it('counts the same as /health', async () => {
    const { body } = await call(`${manager.url}/health`);
    const { details } = JSON.parse(String(body)) as { details: Record<string, Counts & { tokens?: Counts }> };
    const { status: _, ...results } = details.callbacks ?? {};
    for (const [result, value] of Object.entries(results)) {
      const callbacks = after.sum('wxkf_callback_duration_seconds_count', { result });
      const verifications = after.sum('wxkf_verification_requests_total', { result });
      expect([result, callbacks + verifications]).toEqual([result, value]);
    }
    for (const [source, value] of Object.entries(details.wecom?.tokens ?? {}))
      expect([source, after.value('wxkf_token_requests_total', { source })]).toEqual([source, value]);
  });

  it('tells what is so at the end', () => {
    expect(
      ['waiting', 'parked', 'dead', 'unreadable'].map((state) => after.value('wxkf_hints', { state })),
    ).toEqual([0, 0, 0, 0]);
    expect(after.value('wxkf_oldest_waiting_hint_age_seconds')).toBe(0);
    expect(after.value('wxkf_puppets', { state: 'online' })).toBe(2);
    expect(after.value('wxkf_puppets', { state: 'offline' })).toBe(1);
    for (const name of ['wxkf_callbacks_under_way', 'wxkf_keeping_failing'])
      expect(after.value(name)).toBe(0);
    expect(after.sum('wxkf_open_circuits')).toBe(0);
    expect(after.value('wxkf_ready')).toBe(1);
    expect(after.value('wxkf_http_connections')).toBeGreaterThanOrEqual(1);
    expect(after.value('wxkf_registry_sync_age_seconds')).toBeGreaterThanOrEqual(0);
    expect(after.sum('wxkf_store_operation_duration_seconds_count', { result: 'ok' })).toBeGreaterThan(5);
    const storage = place.env.MONGO_URI === undefined ? 'embedded' : 'mongodb';
    expect(after.value('wxkf_build_info', { storage, node: process.versions.node })).toBe(1);
    const origins = after.find('wxkf_outgoing_sockets').map(({ labels }) => labels.origin ?? '');
    const known = [puppet.url, other.url, wecom.url, 'other'];
    expect(origins.filter((origin) => !known.includes(origin))).toEqual([]);
  });

  it('shows no account, corp, path or secret', () => {
    const marks = [app, stranger].flatMap(({ corpId, token, encodingAESKey }) => [
      corpId,
      token,
      encodingAESKey,
    ]);
    const accounts = [good, away, unknown];
    expect(findIn(after.text, [...marks, ...accounts, PATH.slice(1), SCRAPER, RIGHT, WRONG])).toEqual([]);
    expect(after.text).not.toContain('marked');
  });

  it('says nothing of a scrape above debug, but of one that was refused', async () => {
    await manager.line(({ url, status }) => url === '/metrics' && status === 401);
    const scrapes = manager.log.filter(({ url }) => url === '/metrics');
    expect(new Set(scrapes.map(({ level, status }) => `${level} ${status}`))).toEqual(
      new Set(['20 200', '30 401']),
    );
  });
});
