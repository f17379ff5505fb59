/** Bots that an operator adds: WeCom's own form, whose account it is, and what a key opens; on both stores: embedded and MongoDB. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  BotAnswer,
  BotChangedAnswer,
  BotCreatedAnswer,
  BotPageAnswer,
  BotVerifiedAnswer,
  BotWithKeyAnswer,
} from '../../src/api/bots/bots.dto.js';
import type { TestedAnswer } from '../../src/api/accounts/accounts.dto.js';
import type { HintPageAnswer } from '../../src/api/waiting/hints.dto.js';
import { BotServer } from '../support/bot-server.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { type Place, sealedPlace } from '../support/place.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  sendMessage,
  type WecomApp,
} from '../support/wecom.js';
import { answer, drop, hold, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

/** Pulls without a sync token, of one corp. */
const SYNCS_PER_MINUTE = 9;

onEachStoreNightly((newPlace) => {
  let place: Place;
  let manager: ManagerProcess;
  let wecom: WecomServer;
  let app: WecomApp;
  let openKfId: string;
  let bot: BotServer;
  let puppet: PuppetServer;

  beforeAll(async () => {
    wecom = await startWecomServer();
    // Messages are taken only where they can be sealed.
    place = sealedPlace(newPlace());
    manager = await start();
  });

  afterAll(async () => {
    await manager.stop();
    await wecom.close();
    await place.discard();
  });

  beforeEach(async () => {
    [app, openKfId] = [newApp(), newOpenKfId()];
    wecom.addSecret(app.corpId, 'corp-secret-of-the-tests');
    [bot, puppet] = await Promise.all([BotServer.start(), startPuppetServer()]);
    await post('/api/v1/apps', { ...app, encodingAESKey: app.encodingAESKey });
  });

  afterEach(() => Promise.all([bot.close(), puppet.close()]));

  const start = () =>
    startManager({ ...place.env, WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: wecom.tokenUrl });

  const post = (path: string, body: object): Promise<Response> => postJson(manager.url + path, body);

  /** With the keys that are shown once given to the program. */
  async function add(fields: object = {}): Promise<BotCreatedAnswer> {
    const response = await post('/api/v1/bots', {
      name: 'Support bot',
      corpId: app.corpId,
      openKfIds: [openKfId],
      kind: 'callback',
      callback: { url: `${bot.url}/wxkf/?tenant=7` },
      ...fields,
    });
    const answer = (await response.json()) as BotCreatedAnswer;
    if (response.status !== 200) throw new Error(JSON.stringify(answer));
    bot.keys = { token: answer.token ?? '', encodingAESKey: answer.encodingAESKey ?? '' };
    return answer;
  }

  const remove = (id: string) => fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
  const get = async (id: string) =>
    (await fetch(`${manager.url}/api/v1/bots/${id}`)).json() as Promise<BotAnswer>;

  const callWith = (init: RequestInit, path: string, body: object) =>
    fetch(manager.url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    });

  describe('a callback bot', () => {
    it('gets callbacks as WeCom sends them, sealed with its own keys, at its own URL', async () => {
      await add({ callback: { url: `${bot.url}/wxkf/?tenant=7`, headers: { 'X-KB-ID': '0191' } } });
      const sent = sealCallback(app, kfMessageXml(app, openKfId, 'ENCtoken-1'));
      const response = await postCallback(manager.url, app, sent);
      expect([response.status, await response.text()]).toEqual([200, 'success']);
      expect(bot.opened).toEqual([
        { event: 'kf_msg_or_event', syncToken: 'ENCtoken-1', openKfId, receiveId: app.corpId },
      ]);
      const [received] = bot.received;
      expect(received).toMatchObject({
        path: '/wxkf/',
        query: { tenant: '7' },
        headers: { 'content-type': 'text/xml', 'x-kb-id': '0191', 'x-wxkf-attempt': '1' },
      });
      const skewS = Math.abs(Number(received?.query.timestamp) - Date.now() / 1_000);
      expect(skewS).toBeLessThan(60);
    });

    it("gets WeCom's own bytes where its keys are the app's", async () => {
      const { token, encodingAESKey } = app;
      await add({ callback: { url: `${bot.url}/wxkf/`, token, encodingAESKey } });
      const sent = sealCallback(app, kfMessageXml(app, openKfId));
      await postCallback(manager.url, app, sent);
      expect(bot.received[0]?.body).toBe(sent.body);
      expect(bot.received[0]?.query).toEqual(sent.query);
    });

    it('verifies its URL as WeCom does, and says what is wrong', async () => {
      const { id } = await add();
      const verify = async () =>
        (await (await post(`/api/v1/bots/${id}/verify`, {})).json()) as BotVerifiedAnswer;
      expect(await verify()).toMatchObject({ verified: true, status: 200, fault: null });
      bot.keys = { token: 'other', encodingAESKey: app.encodingAESKey };
      expect(await verify()).toMatchObject({
        verified: false,
        fault: expect.stringMatching(/EncodingAESKey/),
      });
    });

    it('whose URL is the manager’s own takes nothing, rather than the same event for ever', async () => {
      const url = `${manager.url}/callback/${app.corpId}`;
      const keys = { token: app.token, encodingAESKey: app.encodingAESKey, receiveId: app.corpId };
      const { id } = await add({ callback: { url, ...keys } });
      expect(await read<BotVerifiedAnswer>(post(`/api/v1/bots/${id}/verify`, {}))).toMatchObject({
        verified: false,
        status: 400,
        fault: expect.stringMatching(/own callback URL/),
      });
      await sendMessage(manager.url, app, openKfId);
      await manager.line(
        ({ form, error, corpId }) =>
          form === 'encrypted' && error === 'CALLBACK_FROM_MANAGER' && corpId === app.corpId,
      );
      const hints = await read<HintPageAnswer>(fetch(`${manager.url}/api/v1/hints?corpId=${app.corpId}`));
      expect(hints.items).toHaveLength(1);
    });

    it('gets what it did not take at once when it is back, once', async () => {
      bot.behave((_request, response) => response.writeHead(500).end());
      const { id } = await add();
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      bot.behave((_request, response) => response.end('{"status":"success"}'));
      await until(() => bot.received.length === 2);
      await until(async () => (await get(id)).lastTakenAt !== null);
      const [first, second] = bot.received;
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
      expect([first, second].map((one) => one?.headers['x-wxkf-attempt'])).toEqual(['1', '2']);
    });

    it('may pull before it answers: WeCom has its answer after a second, and the bot one event', async () => {
      bot.behave((_request, response) => void sleep(2_000).then(() => response.end('success')));
      const { id } = await add();
      const startedMs = performance.now();
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      expect(performance.now() - startedMs).toBeLessThan(1_900);
      await until(async () => (await get(id)).lastTakenAt !== null);
      const hints = await read<HintPageAnswer>(fetch(`${manager.url}/api/v1/hints?corpId=${app.corpId}`));
      expect([bot.received.length, hints.items]).toEqual([1, []]);
    });

    it('gets no event without a sync token, on which such programs break', async () => {
      await add();
      const response = await post(`/callback/decrypted/${app.corpId}`, { openKfId, token: '' });
      expect(response.status).toBe(200);
      expect(bot.opened[0]?.syncToken).toMatch(/^ENC/);
    });

    it('gets no event of another kind', async () => {
      await add();
      const xml = kfMessageXml(app, openKfId).replace('kf_msg_or_event', 'change_external_contact');
      const response = await postCallback(manager.url, app, sealCallback(app, xml));
      expect([response.status, bot.received.length]).toEqual([200, 0]);
    });
  });

  describe('an account', () => {
    it('that a bot lists is not registered by others, who are not told whose it is', async () => {
      await add();
      const response = await post('/puppetWxkfManager/register', registrationOf(app, openKfId, puppet.url));
      const text = await response.text();
      expect(response.status).toBe(409);
      expect(JSON.parse(text).error).toBe('REGISTRY_ACCOUNT_OF_BOT');
      expect(text).not.toContain('Support bot');
    });

    it('that was registered before is the bot’s while it lists it, and the puppet’s again after it', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      const { id } = await add();
      await sendMessage(manager.url, app, openKfId);
      expect([bot.received.length, puppet.received.length]).toEqual([1, 0]);
      expect((await remove(id)).status).toBe(200);
      await sendMessage(manager.url, app, openKfId);
      expect([bot.received.length, puppet.received.length]).toEqual([1, 1]);
    });

    it('that nobody had gives what waited to the bot that is added', async () => {
      await sendMessage(manager.url, app, openKfId);
      const came = bot.next();
      await add();
      await came;
      expect(bot.opened[0]?.openKfId).toBe(openKfId);
    });

    it('that people serve gives nothing to anybody, and what waited for it is gone', async () => {
      await sendMessage(manager.url, app, openKfId);
      await add({ kind: 'none', callback: undefined });
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      const decrypted = await post(`/callback/decrypted/${app.corpId}`, { openKfId, token: 'ENC' });
      expect(await decrypted.json()).toMatchObject({ delivery: 'ignored' });
      const waiting = () => read<HintPageAnswer>(fetch(`${manager.url}/api/v1/hints?corpId=${app.corpId}`));
      await until(async () => (await waiting()).items.length === 0);
    });

    it('is one bot’s alone', async () => {
      await add();
      await expect(add({ name: 'second' })).rejects.toThrow('BOT_ACCOUNT_TAKEN');
    });

    it('that nobody else has goes to the bot of all others', async () => {
      await add({ openKfIds: ['*'] });
      const registered = newOpenKfId();
      await register(manager.url, app, registered, puppet.url);
      await sendMessage(manager.url, app, openKfId);
      await sendMessage(manager.url, app, registered);
      expect(bot.opened.map((one) => one.openKfId)).toEqual([openKfId]);
      expect(puppet.received).toHaveLength(1);
    });
  });

  describe('a puppet', () => {
    it('with a key of its own registers its accounts and no other', async () => {
      const { key } = await add({ kind: 'puppet', callback: undefined });
      const as = (kfId: string) =>
        callWith(
          { headers: { authorization: `Bearer ${key}` } },
          '/puppetWxkfManager/register',
          registrationOf(app, kfId, puppet.url),
        );
      expect((await as(newOpenKfId())).status).toBe(403);
      expect((await as(openKfId)).status).toBe(200);
      await sendMessage(manager.url, app, openKfId);
      expect(puppet.received).toHaveLength(1);
    });

    it('without callback keys gets every event as JSON', async () => {
      const { token: _token, encodingAESKey: _key, ...without } = registrationOf(app, openKfId, puppet.url);
      expect((await post('/puppetWxkfManager/register', { ...without, token: 'onlyOne' })).status).toBe(400);
      expect((await post('/puppetWxkfManager/register', without)).status).toBe(200);
      await sendMessage(manager.url, app, openKfId);
      expect(puppet.received[0]?.path).toBe('/callback/decrypted');
    });
  });

  describe('a bot that takes messages', () => {
    const MESSAGES = { takes: 'message', corpSecret: 'corp-secret-of-the-tests' };
    const PUPPET = { ...MESSAGES, kind: 'puppet', callback: undefined };
    const change = (id: string, body: object) => callWith({ method: 'PATCH' }, `/api/v1/bots/${id}`, body);

    /** What is said of one that is not added. */
    async function refused(fields: object) {
      const response = await post('/api/v1/bots', {
        ...{ name: 'Support bot', corpId: app.corpId, openKfIds: [openKfId], kind: 'puppet' },
        ...fields,
      });
      return { status: response.status, text: await response.text() };
    }

    it('shows what it takes and since when, and its signing secret once', async () => {
      const added = await add({ ...MESSAGES, order: 'customer', include: ['servicer'] });
      const { id, signingSecret, since } = added;
      expect(signingSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(Math.abs(Date.parse(since ?? '') - Date.now())).toBeLessThan(60_000);
      const shown = { takes: 'message', order: 'customer', include: ['servicer'], since };
      expect(await get(id)).toMatchObject(shown);
      const renewed = await (await post(`/api/v1/bots/${id}/key`, { overlapS: 60 })).text();
      const listed = await (await fetch(`${manager.url}/api/v1/bots?corpId=${app.corpId}`)).text();
      for (const text of [renewed, listed]) {
        expect(text).not.toContain(signingSecret);
        expect(text).not.toContain('corp-secret-of-the-tests');
        expect(text).not.toContain('signingSecret');
      }
    });

    it('is not added where its corpSecret is missing, or WeCom does not accept it', async () => {
      const { corpSecret: _secret, ...without } = MESSAGES;
      expect(await refused(without)).toMatchObject({
        status: 400,
        text: expect.stringMatching(/corpSecret is missing/),
      });
      const wrong = await refused({ ...MESSAGES, corpSecret: 'a-wrong-secret' });
      expect(wrong).toMatchObject({ status: 400, text: expect.stringMatching(/errcode 40001/) });
      expect(wrong.text).not.toContain('a-wrong-secret');
    });

    it('is not added where WeCom would answer its pulls, unless it is sent messages as JSON', async () => {
      for (const api of ['tunnel', 'direct']) {
        const callback = { url: `${bot.url}/wxkf/` };
        const { status, text } = await refused({ ...MESSAGES, kind: 'callback', api, callback });
        expect([status, text]).toEqual([400, expect.stringMatching(/api must be manager/)]);
      }
      expect(await refused({ kind: 'puppet', api: 'elsewhere' })).toMatchObject({
        status: 400,
        text: expect.stringMatching(/api must be/),
      });
      await add({ ...MESSAGES, api: 'tunnel', callback: { url: `${bot.url}/own/`, form: 'json' } });
    });

    it('is not changed by whoever asked before another change: 409, and the same asked again is right', async () => {
      const { id } = await add();
      const held = hold();
      wecom.behave('gettoken', held);
      const late = change(id, MESSAGES);
      await held.arrived;
      expect((await change(id, { name: 'Renamed' })).status).toBe(200);
      held.release();
      wecom.behave('gettoken', usual);
      const answer = await late;
      expect([answer.status, await answer.json()]).toMatchObject([409, { error: 'BOT_CHANGED' }]);
      expect(await get(id)).toMatchObject({ name: 'Renamed', takes: 'event' });
      expect((await change(id, MESSAGES)).status).toBe(200);
      expect(await get(id)).toMatchObject({ name: 'Renamed', takes: 'message' });
    });

    it('is not added while WeCom cannot be asked', async () => {
      wecom.behave('gettoken', drop());
      const { status, text } = await refused(MESSAGES);
      wecom.behave('gettoken', usual);
      expect([status, text]).toEqual([504, expect.stringMatching(/WECOM_UNREACHABLE/)]);
      expect(
        (await read<BotPageAnswer>(fetch(`${manager.url}/api/v1/bots?corpId=${app.corpId}`))).items,
      ).toEqual([]);
    });

    it('took events before, and takes events again', async () => {
      const { id } = await add();
      expect(await get(id)).toMatchObject({ takes: 'event', order: null, include: [], since: null });
      expect((await change(id, { takes: 'message' })).status).toBe(400);
      const changed = await change(id, MESSAGES);
      expect(await read<BotChangedAnswer>(changed)).toMatchObject({
        takes: 'message',
        order: 'account',
        signingSecret: null,
      });
      const since = new Date(Date.now() - 3_600_000).toISOString();
      expect(await (await change(id, { since })).json()).toMatchObject({ since });
      expect((await change(id, { corpSecret: 'a-wrong-secret' })).status).toBe(400);
      expect(await (await change(id, { takes: 'event' })).json()).toMatchObject({
        takes: 'event',
        since: null,
      });
    });

    it('registers as one that knows them, and no other puppet does', async () => {
      const { key } = await add(PUPPET);
      const registration = registrationOf(app, openKfId, puppet.url);
      const as = (init: RequestInit, fields: object) =>
        callWith(init, '/puppetWxkfManager/register', { ...registration, ...fields });
      const withKey = { headers: { authorization: `Bearer ${key}` } };
      for (const [init, fields, fault] of [
        [withKey, {}, /takes must be message/],
        [withKey, { takes: 'event' }, /takes must be message/],
        [withKey, { takes: 'all' }, /takes must be one of event, message/],
        [
          {},
          { kfId: newOpenKfId(), takes: 'message' },
          /takes must be event without a key of a bot that is known/,
        ],
      ] as const) {
        const answer = await as(init, fields);
        expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(fault)]);
      }
      expect((await as(withKey, { takes: 'message' })).status).toBe(200);
      const other = await as({}, { kfId: newOpenKfId(), takes: 'event' });
      expect(other.status).toBe(200);
    });

    it('registers as one of events while its bot takes events', async () => {
      const { key } = await add({ kind: 'puppet', callback: undefined });
      const answer = await callWith(
        { headers: { authorization: `Bearer ${key}` } },
        '/puppetWxkfManager/register',
        { ...registrationOf(app, openKfId, puppet.url), takes: 'message' },
      );
      expect([answer.status, await answer.text()]).toEqual([
        400,
        expect.stringMatching(/takes must be event, since the bot takes events/),
      ]);
    });
  });

  describe('a key', () => {
    const SYNC = 'kf/sync_msg';
    let key: string;
    let accessToken: string;
    const called = () => wecom.callsTo(SYNC).filter(({ text }) => text?.includes(openKfId));

    beforeEach(async () => {
      ({ key } = await add({ corpSecret: 'corp-secret-of-the-tests' }));
      const query = `corpid=${app.corpId}&corpsecret=corp-secret-of-the-tests`;
      const answer = fetch(`${manager.url}/bot/${key}/cgi-bin/gettoken?${query}`);
      accessToken = (await read<{ access_token: string }>(answer)).access_token;
    });

    const byPath = (path: string, body: object) => callWith({}, `/bot/${key}/cgi-bin/${path}`, body);

    it('opens kf and media of its corp, sent in any of the three ways', async () => {
      const basic = Buffer.from(`bot:${key}`).toString('base64');
      const path = `${SYNC}?access_token=${accessToken}`;
      const body = { open_kfid: openKfId, token: 'ENCown', cursor: 'c' };
      const answers = [
        await byPath(path, body),
        await callWith({ headers: { authorization: `Bearer ${key}` } }, `/cgi-bin/${path}`, body),
        await callWith({ headers: { authorization: `Basic ${basic}` } }, `/cgi-bin/${path}`, body),
      ];
      for (const answer of answers) expect(await answer.json()).toMatchObject({ errcode: 0 });
      expect(called().map(({ text }) => text)).toEqual(Array(3).fill(JSON.stringify(body)));
    });

    it.each([
      ['another API', () => byPath(`user/get?access_token=${accessToken}`, {})],
      [
        'an account of others',
        () => byPath(`${SYNC}?access_token=${accessToken}`, { open_kfid: newOpenKfId() }),
      ],
      [
        'an account that is hidden behind its own',
        () =>
          callWith(
            { body: `{"open_kfid":"${newOpenKfId()}","open_kfid":"${openKfId}"}` },
            `/bot/${key}/cgi-bin/${SYNC}?access_token=${accessToken}`,
            {},
          ),
      ],
      [
        'an account that is named in other letters',
        () => byPath(`${SYNC}?access_token=${accessToken}`, { Open_Kfid: newOpenKfId() }),
      ],
      ['an access token of nobody', () => byPath(`${SYNC}?access_token=made-up`, { open_kfid: openKfId })],
      ['the corp of others', () => byPath(`kf/account/list?corpid=${newApp().corpId}`, {})],
    ])('does not open %s', async (_what, ask) => {
      const before = wecom.calls.filter(({ api }) => api !== 'gettoken').length;
      const answer = await ask();
      expect([400, 403]).toContain(answer.status);
      expect(wecom.calls.filter(({ api }) => api !== 'gettoken')).toHaveLength(before);
    });

    it('counts for its corp where no access token is sent, and uses up nobody else’s calls', async () => {
      const limited = { errcode: 45009 };
      const answers: unknown[] = [];
      // One more than two minutes have: a new one may begin meanwhile.
      for (let n = 0; n < 2 * SYNCS_PER_MINUTE + 1; n++)
        answers.push(await (await byPath(SYNC, { open_kfid: openKfId })).json());
      expect(answers).toContainEqual(expect.objectContaining(limited));
      expect(await (await callWith({}, `/cgi-bin/${SYNC}`, {})).json()).not.toMatchObject(limited);
    });

    it('that is made up opens nothing, in WeCom’s shape', async () => {
      const answer = await callWith({}, `/bot/wxkf_made-up/cgi-bin/${SYNC}`, {});
      expect([answer.status, await answer.json()]).toMatchObject([401, { errcode: 401 }]);
    });

    it('adds the newest sync token to a pull that has none, and takes out one that it made', async () => {
      const path = `${SYNC}?access_token=${accessToken}`;
      await byPath(path, { open_kfid: openKfId });
      await postCallback(manager.url, app, sealCallback(app, kfMessageXml(app, openKfId, 'ENCnewest')));
      await byPath(path, { open_kfid: openKfId });
      await post(`/callback/decrypted/${app.corpId}`, { openKfId, token: '' });
      const made = bot.opened.at(-1)?.syncToken;
      await byPath(path, { open_kfid: openKfId, token: made });
      const bodies = called().map(({ text }) => JSON.parse(text ?? ''));
      expect(bodies.map(({ token }) => token)).toEqual([undefined, 'ENCnewest', 'ENCnewest']);
    });

    it('takes one that it made out of a pull that names no account, and counts that as one without', async () => {
      const path = `${SYNC}?access_token=${accessToken}`;
      await post(`/callback/decrypted/${app.corpId}`, { openKfId, token: '' });
      const made = bot.opened.at(-1)?.syncToken;
      const before = wecom.callsTo(SYNC).length;
      const answers: unknown[] = [];
      for (let n = 0; n < 2 * SYNCS_PER_MINUTE + 1; n++) {
        answers.push(await (await byPath(path, { token: made, cursor: 'c', limit: 1_000 })).json());
      }
      const [pulled] = wecom.callsTo(SYNC).slice(before);
      expect(JSON.parse(pulled?.text ?? '')).toEqual({ cursor: 'c', limit: 1_000 });
      expect(answers).toContainEqual(expect.objectContaining({ errcode: 45009 }));
    });

    it('is told of a pull that is nested too deep to be written again', async () => {
      const body = `{"open_kfid":"${openKfId}","token":"ENCwxkf-manager-x","a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
      const path = `/bot/${key}/cgi-bin/${SYNC}?access_token=${accessToken}`;
      const answer = await callWith({ body }, path, {});
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { errcode: 400, errmsg: expect.stringMatching(/nested too deep/) },
      ]);
    });

    it('counts with the new one for as long as it overlaps', async () => {
      const bots = await read<BotPageAnswer>(fetch(`${manager.url}/api/v1/bots?corpId=${app.corpId}`));
      const id = bots.items[0]?.id;
      const renew = async (overlapS: number) =>
        (await read<BotWithKeyAnswer>(post(`/api/v1/bots/${id}/key`, { overlapS }))).key;
      const status = async (of: string) =>
        (await fetch(`${manager.url}/bot/${of}/cgi-bin/kf/account/list?access_token=${accessToken}`)).status;
      const [first, second] = [key, await renew(3_600)];
      expect([await status(first), await status(second)]).toEqual([200, 200]);
      const third = await renew(0);
      expect([await status(first), await status(second), await status(third)]).toEqual([401, 401, 200]);
    });
  });

  it('are chosen for accounts that WeCom lists by name', async () => {
    const listOf = (corpId: string) => fetch(`${manager.url}/api/v1/corps/${corpId}/accounts`);
    expect((await listOf(app.corpId)).status).toBe(404);
    await add({ openKfIds: ['wk-0-100'], corpSecret: 'corp-secret-of-the-tests' });
    // A token that WeCom ended before its time is renewed.
    const secret = 'corp-secret-of-the-tests';
    await fetch(`${manager.url}/puppetWxkfManager/getToken?corpid=${app.corpId}&corpsecret=${secret}`);
    wecom.revoke(app.corpId, secret);
    expect(await (await listOf(app.corpId)).json()).toEqual({
      items: [{ openKfId: 'wk-0-100', name: '客服', servedBy: 'bot' }],
    });
  });

  it('are not chosen where WeCom refuses to list accounts, and are told why', async () => {
    await add({ corpSecret: 'corp-secret-of-the-tests' });
    wecom.behave('kf/account/list', answer(60020, 'not allow to access from your ip'));
    const refused = await fetch(`${manager.url}/api/v1/corps/${app.corpId}/accounts`);
    wecom.behave('kf/account/list', usual);
    expect([refused.status, await read<{ message: string }>(refused)]).toMatchObject([
      502,
      { message: expect.stringMatching(/errcode 60020/) },
    ]);
  });

  it.each([
    ['takes callbacks', 'bot', {}],
    ['leaves them to people', 'people', { kind: 'none', callback: undefined }],
  ])('of all others that %s has what WeCom lists and nobody else has', async (_what, servedBy, fields) => {
    await add({ corpSecret: 'corp-secret-of-the-tests' });
    const { id } = await add({ openKfIds: ['*'], ...fields });
    const listed = await fetch(`${manager.url}/api/v1/corps/${app.corpId}/accounts`);
    expect(await listed.json()).toMatchObject({ items: [{ openKfId: 'wk-0-100', servedBy }] });
    expect((await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' })).status).toBe(200);
    const after = await fetch(`${manager.url}/api/v1/corps/${app.corpId}/accounts`);
    expect(await after.json()).toMatchObject({ items: [{ servedBy: 'nobody' }] });
  });

  it('are there after a restart, with their keys', async () => {
    const { id, key } = await add();
    await manager.stop();
    manager = await start();
    await sendMessage(manager.url, app, openKfId);
    expect(bot.opened).toHaveLength(1);
    expect((await get(id)).name).toBe('Support bot');
    const answer = await fetch(`${manager.url}/bot/${key}/cgi-bin/kf/account/list`);
    expect(answer.status).not.toBe(401);
  });

  it('can be paused: WeCom is answered, events wait over a restart, a test says so, and it gets them afterwards', async () => {
    const { id } = await add();
    const pause = (paused: boolean) =>
      read<BotAnswer>(callWith({ method: 'PATCH' }, `/api/v1/bots/${id}`, { paused }));
    expect((await pause(true)).paused).toBe(true);
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    const tested = await read<TestedAnswer>(post(`/api/v1/accounts/${openKfId}/test`, {}));
    expect(tested).toMatchObject({ taken: false, failure: { stage: 'paused' } });
    await manager.stop('SIGKILL');
    manager = await start();
    const { items } = await read<HintPageAnswer>(
      fetch(`${manager.url}/api/v1/hints?state=waiting&corpId=${app.corpId}`),
    );
    expect(items).toMatchObject([{ openKfId, lastFailure: { stage: 'paused' } }]);
    expect(bot.received).toEqual([]);
    await pause(false);
    await until(() => bot.received.length === 1);
  });

  it('can be changed: accounts, URL and deadline', async () => {
    const { id } = await add();
    const other = newOpenKfId();
    const change = (body: object) => callWith({ method: 'PATCH' }, `/api/v1/bots/${id}`, body);
    const answer = await change({
      openKfIds: [other],
      callback: { url: `${bot.url}/other`, timeoutMs: 9_000 },
    });
    expect(await answer.json()).toMatchObject({ openKfIds: [other], callback: { timeoutMs: 9_000 } });
    await sendMessage(manager.url, app, other);
    expect(bot.received[0]?.path).toBe('/other');
    expect(bot.opened).toHaveLength(1);
    expect((await change({ callback: { url: 'http://169.254.169.254/' } })).status).toBe(400);
    expect((await change({ callback: { url: null, timeoutMs: 8_000 } })).status).toBe(200);
    const missing = await post('/api/v1/bots', {
      ...{ name: 'x', corpId: app.corpId, openKfIds: [newOpenKfId()], kind: 'callback' },
      callback: { url: null },
    });
    expect([missing.status, await read<{ message: string }>(missing)]).toMatchObject([
      400,
      { message: expect.stringMatching(/callback\.url is missing/) },
    ]);
    const wrong = await change({
      openKfIds: [],
      callback: { timeoutMs: 1, headers: { host: 'x' } },
      name: '',
    });
    const { message } = await read<{ message: string }>(wrong);
    for (const field of ['name', 'openKfIds', 'callback.headers', 'callback.timeoutMs'])
      expect(message).toContain(`${field} must `);
  });
});

async function read<T>(answered: Response | Promise<Response>): Promise<T> {
  return (await answered).json() as Promise<T>;
}
