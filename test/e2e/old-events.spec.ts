/**
 * What `docs/reference/delivery.md` promises of events that nobody takes for long: after 10 minutes, after 3 days, and how many
 * pulls without a sync token they may cause; on the embedded store.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventApp } from '../support/event-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer, TAKE } from '../support/puppet-server.js';
import { ShiftedTime } from '../support/shifted-time.js';
import { until } from '../support/until.js';
import { newOpenKfId, sendMessage } from '../support/wecom.js';

const MINUTE_MS = 60_000;
const DAYS_3_MS = 3 * 24 * 60 * MINUTE_MS;
/** As long as WeCom accepts the sync token of an event. */
const TOKEN_LIFE_MS = 10 * MINUTE_MS;
/** Stands in tokens that the manager makes. */
const MADE = /^ENCwxkf-manager-/;

const place = embeddedPlace();
/** Without the time that passes, this would be a jump of the clock. */
const time = new ShiftedTime(true);
let manager: ManagerProcess;
let at: EventApp;
let puppet: PuppetServer;

beforeAll(async () => {
  manager = await start();
});

afterAll(async () => {
  await manager.stop();
  await place.discard();
  time.discard();
});

const start = () => startManager({ ...place.env, ...time.env });

beforeEach(async () => {
  [at, puppet] = await Promise.all([
    EventApp.connect({
      get url() {
        return manager.url;
      },
    }),
    startPuppetServer(),
  ]);
});

afterEach(() => Promise.all([at.close(), puppet.close()]));

const isNothingWaiting = () => until(async () => (await at.hints()).length === 0);
const newOpenKfIds = (count: number) => Array.from({ length: count }, newOpenKfId);

describe('an event that nobody took for 3 days', () => {
  it('is a dead letter; sent again by an operator, it is tried once', async () => {
    await at.add();
    at.bot.behave((_request, response) => response.writeHead(500).end());
    expect(await at.tell('ENC1')).toBe('pending');
    time.goAhead(DAYS_3_MS);
    const isDead = () => until(async () => (await at.hints()).some(({ state }) => state === 'dead'));
    await isDead();
    expect(await at.hints()).toMatchObject([{ lastFailure: { stage: 'expired' }, dueAt: null }]);
    const before = at.bot.received.length;
    expect((await at.replay()).status).toBe(200);
    await isDead();
    expect(at.bot.received).toHaveLength(before + 1);
    at.bot.behave(TAKE);
    await at.replay();
    await isNothingWaiting();
    expect(at.bot.received).toHaveLength(before + 2);
  });

  it('is a dead letter where there was no bot for it, too; a puppet that registers gets it', async () => {
    expect(await at.tell('ENC1')).toBe('pending');
    time.goAhead(DAYS_3_MS);
    // It is looked for every 20 s, and at a start.
    await manager.stop();
    manager = await start();
    await until(async () => (await at.hints()).some(({ state }) => state === 'dead'));
    await register(manager.url, at.app, at.openKfId, puppet.url);
    await isNothingWaiting();
    expect(JSON.parse(puppet.received[0]?.body ?? '')).toEqual({ token: '', openKfId: at.openKfId });
  });
});

describe('an event whose sync token is 10 minutes old', () => {
  it('is sent in the decrypted form with an empty token, under another webhook-id', async () => {
    puppet.behave((_request, response) => response.writeHead(500).end());
    await register(manager.url, at.app, at.openKfId, puppet.url);
    expect((await sendMessage(manager.url, at.app, at.openKfId)).status).toBe(200);
    time.goAhead(TOKEN_LIFE_MS);
    puppet.behave(TAKE);
    await isNothingWaiting();
    const [first, last] = puppet.received;
    expect(puppet.received.map(({ path }) => path)).toEqual(['/callback', '/callback/decrypted']);
    expect(JSON.parse(last?.body ?? '')).toEqual({ token: '', openKfId: at.openKfId });
    expect(last?.headers['webhook-id']).not.toBe(first?.headers['webhook-id']);
  });

  it.each([
    ['manager', 'a token that the manager makes', MADE],
    ['tunnel', 'the account’s last token', /^ENC2$/],
    ['direct', 'the account’s last token', /^ENC2$/],
  ])('is sent to a callback bot that calls WeCom by %s with %s', async (api, _what, token) => {
    const { id } = await at.add({ api, paused: true });
    await at.tell('ENC1');
    await at.tell('ENC2');
    time.goAhead(TOKEN_LIFE_MS);
    await at.setPaused(id, false);
    await isNothingWaiting();
    const [first, last] = at.bot.opened;
    expect([first?.syncToken, last?.syncToken]).toEqual([
      expect.stringMatching(token),
      expect.stringMatching(token),
    ]);
  });
});

describe('pulls without a sync token', () => {
  it('are caused six times a minute in a corp; other events wait with the stage resync, but not for a puppet that registers', async () => {
    const [registered, ...accounts] = newOpenKfIds(9) as [string, ...string[]];
    const { id } = await at.add({ openKfIds: accounts, paused: true });
    for (const openKfId of [registered, ...accounts]) expect(await at.tell('ENC1', openKfId)).toBe('pending');
    time.goAhead(TOKEN_LIFE_MS);
    await at.setPaused(id, false);
    const waiting = async () =>
      (await at.hints()).filter(({ lastFailure }) => lastFailure?.stage === 'resync');
    await until(async () => (await waiting()).length === 2);
    await until(async () => (await at.hints()).length === 3);
    expect(at.bot.received).toHaveLength(6);
    expect(await at.test(accounts[0])).toMatchObject({ error: 'RESYNC_LIMITED' });

    await register(manager.url, at.app, registered, puppet.url);
    await until(() => puppet.received.length === 1);
    expect(JSON.parse(puppet.received[0]?.body ?? '')).toEqual({ token: '', openKfId: registered });

    time.goAhead(MINUTE_MS);
    // The manager looks again once it is asked something, or within a minute by a timer.
    const [first] = await waiting();
    await at.replay(first?.openKfId);
    await isNothingWaiting();
    expect(at.bot.received).toHaveLength(8);
  });

  it('are caused by probes five times a minute, so that a bot that fails for long leaves one to others', async () => {
    const nowS = Math.floor(Date.now() / 1_000);
    /** By the `CreateTime` of a newer event of the corp. */
    const tellOld = (openKfId: string) => at.tell('ENC1', openKfId, nowS - TOKEN_LIFE_MS / 1_000);
    const [newest, failing, ...accounts] = newOpenKfIds(7) as [string, string, ...string[]];
    const away = await EventApp.connect(manager);
    away.bot.behave(({ socket }) => void socket.destroy());
    await at.tell('ENC1', newest, nowS);
    const { id } = await at.add({ openKfIds: accounts, paused: true });
    const { keys } = at.bot;
    await at.add({ openKfIds: [at.openKfId, failing], callback: { url: `${away.bot.url}/wxkf/` } });
    [away.bot.keys, at.bot.keys] = [at.bot.keys, keys];

    for (const openKfId of accounts) expect(await tellOld(openKfId)).toBe('pending');
    expect(
      (await at.hints()).flatMap(({ openKfId, isSyncTokenExpired }) => (isSyncTokenExpired ? openKfId : [])),
    ).toEqual(expect.arrayContaining(accounts));
    await at.setPaused(id, false);
    await until(() => at.bot.received.length === 5);

    // So many failures in a row that what is old is only kept, and then the one event to probe with.
    for (let n = 0; n < 5; n++) expect(await at.tell(`ENC${n}`)).toBe('pending');
    expect(await tellOld(failing)).toBe('pending');
    await at.request('DELETE', `/api/v1/hints/${at.openKfId}`);
    const probed = async () => (await at.hints()).find(({ openKfId }) => openKfId === failing);
    await until(async () => {
      const { dueAt = null, arrivedAt = '' } = (await probed()) ?? {};
      return Date.parse(dueAt ?? '') - Date.parse(arrivedAt) > MINUTE_MS / 2;
    });
    const accountsOf = () => away.bot.opened.map(({ openKfId }) => openKfId);
    expect(accountsOf()).not.toContain(failing);
    expect(await at.test(accounts[0])).toMatchObject({ taken: true });
    expect(await at.test(accounts[0])).toMatchObject({ error: 'RESYNC_LIMITED' });

    away.bot.behave(TAKE);
    time.goAhead(MINUTE_MS);
    await until(() => accountsOf().includes(failing));
    expect(away.bot.opened.at(-1)?.syncToken).toMatch(MADE);
    await away.close();
  });
});
