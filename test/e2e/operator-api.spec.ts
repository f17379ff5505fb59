/** What operators see of the built process and do with it. On both stores, embedded and MongoDB. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DeliveryAnswer } from '../../src/api/log/delivery.dto.js';
import { DeliveryStoryAnswer, LoggedDeliveryPageAnswer } from '../../src/api/log/logged-delivery.dto.js';
import { type HintAnswer } from '../../src/api/answers/hint.dto.js';
import { HintCountAnswer, HintPageAnswer, ReplayedAnswer } from '../../src/api/waiting/hints.dto.js';
import { TestedAnswer } from '../../src/api/accounts/accounts.dto.js';
import { AccountAnswer, AccountPageAnswer } from '../../src/api/accounts/account.dto.js';
import { RefusedCallbacksAnswer } from '../../src/api/log/refused-callback.dto.js';
import { HistoryAnswer } from '../../src/api/log/history-answer.dto.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { FailedCallPageAnswer, SeenWecomErrorPageAnswer } from '../../src/api/log/wecom-errors.dto.js';
import { SuccessAnswer } from '../../src/http/answers/success-answer.dto.js';
import { answerAs } from '../support/answers.js';
import { type EventReader, readEvents } from '../support/event-stream.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, postJson, register, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { answer } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

/** What all puppets of the tests register. */
const CORP_SECRET = 'corp-secret-of-the-tests';
const SUCCESS_ANSWER = { code: 0, message: 'success' };

onEachStoreNightly((newPlace) => {
  let place: Place;
  let wecom: WecomServer;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  const readers: EventReader[] = [];

  beforeAll(async () => {
    place = newPlace();
    [puppet, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
    manager = await startManager(env());
  });

  afterEach(() => {
    for (const reader of readers.splice(0)) reader.close();
  });

  afterAll(async () => {
    await manager.stop();
    await Promise.all([puppet.close(), wecom.close()]);
    await place.discard();
  });

  const env = () => ({ ...place.env, ACCESS_TOKEN_URL: wecom.tokenUrl, WECOM_API_URL: wecom.url });
  const urlOf = (path: string): string => `${manager.url}/api/v1/${path}`;

  /** @returns the answer, which is as the OpenAPI document says. */
  async function ask<T>(type: new () => T, path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(urlOf(path), init);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path} was answered ${response.status}: ${text}`);
    return answerAs(type, JSON.parse(text));
  }

  async function refusalOf(path: string, init?: RequestInit): Promise<readonly [number, string, string]> {
    const response = await fetch(urlOf(path), init);
    const { error, message } = (await response.json()) as { error: string; message: string };
    return [response.status, error, message];
  }

  const POST: RequestInit = { method: 'POST' };
  const DELETE: RequestInit = { method: 'DELETE' };
  const json = (body: object): RequestInit => ({
    ...POST,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

  async function follow(query = ''): Promise<EventReader> {
    const reader = await readEvents(urlOf(`stream${query}`));
    readers.push(reader);
    await reader.event(({ event }) => event === 'hello');
    return reader;
  }

  /** The delivery that `is` accepts, as it is told live. */
  async function delivered(reader: EventReader, is: Partial<DeliveryAnswer>): Promise<DeliveryAnswer> {
    const { data } = await reader.event(
      ({ event, data }) =>
        event === 'delivery' &&
        Object.entries(is).every(([name, value]) => (data as Record<string, unknown>)[name] === value),
    );
    return answerAs(DeliveryAnswer, data);
  }

  async function pages<T>(page: (cursor: string) => Promise<{ items: T[]; nextCursor: string | null }>) {
    const items: T[] = [];
    for (let cursor = ''; ;) {
      const { items: more, nextCursor } = await page(cursor);
      items.push(...more);
      if (nextCursor === null) return items;
      cursor = `&cursor=${nextCursor}`;
    }
  }

  const hintsOf = (app: WecomApp, more = ''): Promise<HintAnswer[]> =>
    pages((cursor) => ask(HintPageAnswer, `hints?corpId=${app.corpId}&limit=2${more}${cursor}`));

  const accountsOf = (query: string): Promise<AccountAnswer[]> =>
    pages((cursor) => ask(AccountPageAnswer, `accounts?servedBy=puppet&sort=name&limit=2${query}${cursor}`));

  const accountOf = (openKfId: string) => ask(AccountAnswer, `accounts/${openKfId}`);

  /** One whose keys count for all accounts of its corp. */
  function acceptedApp(): WecomApp {
    const app = newApp();
    wecom.addSecret(app.corpId, CORP_SECRET);
    return app;
  }

  /** Kept, since nobody is at its endpoint. */
  async function keepFor(app: WecomApp, openKfId: string): Promise<void> {
    await register(manager.url, app, openKfId, await refusedUrl());
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  }

  describe('the status', () => {
    it('tells who answers, what there is, and what the last minute brought', async () => {
      const before = await ask(StatusAnswer, 'status');
      const app = newApp();
      const openKfId = newOpenKfId();
      await register(manager.url, app, openKfId, puppet.url);
      await sendMessage(manager.url, app, openKfId);
      await sendMessage(manager.url, newApp(app.corpId), openKfId);
      const after = await ask(StatusAnswer, 'status');
      expect(after).toMatchObject({ ready: true, replica: before.replica, storage: { up: true } });
      expect(after.storage.kind).toBe('MONGO_URI' in place.env ? 'mongodb' : 'embedded');
      expect(after.counts.accounts).toBe(before.counts.accounts + 1);
      const { delivered: was, refused } = before.lastMinute;
      expect(after.lastMinute).toMatchObject({ delivered: was + 1, refused: refused + 1 });
      expect(await ask(HistoryAnswer, 'history')).toMatchObject({ intervalS: 60, isStored: true });
    });
  });

  describe('accounts', () => {
    const app = newApp();
    const [one, two, three] = ['wkAAA', 'wkBBB', 'wkCCC'].map((id) => id + newOpenKfId().slice(3, 20));
    const all = [one, two, three].map(String);

    beforeAll(async () => {
      for (const openKfId of all) await register(manager.url, app, openKfId, `${puppet.url}/of/${openKfId}`);
      await postJson(`${manager.url}/puppetWxkfManager/deregister`, { kfId: two, corpId: app.corpId });
    });

    it('are listed page by page, of a corp, in a state, by a text', async () => {
      const of = `&corpId=${app.corpId}`;
      const idsOf = async (query: string) => (await accountsOf(query)).map(({ openKfId }) => openKfId);
      expect(await idsOf(of)).toEqual(all);
      expect(await idsOf(`${of}&state=quiet`)).toEqual([one, three]);
      expect(await idsOf(`${of}&state=offline`)).toEqual([two]);
      expect(await idsOf(`${of}&state=waiting`)).toEqual([]);
      expect(await idsOf(`&q=${String(two).toUpperCase()}`)).toEqual([two]);
      expect(await idsOf(`&q=${encodeURIComponent('/OF/wkccc')}${of}`)).toEqual([three]);
      expect(await idsOf(`&q=${app.corpId.toLowerCase()}`)).toEqual(all);
    });

    it('show what is registered, the last delivery, and no secret', async () => {
      await sendMessage(manager.url, app, String(one));
      const account = await accountOf(String(one));
      expect(account).toMatchObject({
        corpId: app.corpId,
        ...{ state: 'unseen', servedBy: 'puppet', circuit: 'closed' },
        registration: { endpoint: `${puppet.url}/of/${one}`, online: true, registeredFrom: '127.0.0.1' },
        lastDelivery: { status: 200, occasion: 'inline' },
        hint: null,
        lastFailure: null,
      });
      const text = JSON.stringify(await accountsOf(`&corpId=${app.corpId}`));
      for (const secret of [app.token, app.encodingAESKey, CORP_SECRET]) expect(text).not.toContain(secret);
    });

    it('are forgotten, once', async () => {
      expect(await ask(SuccessAnswer, `accounts/${three}`, DELETE)).toEqual(SUCCESS_ANSWER);
      for (const [init, expected] of [
        [DELETE, 'REGISTRY_PUPPET_NOT_FOUND'],
        [{}, 'ACCOUNT_NOT_FOUND'],
      ] as const) {
        const [status, error] = await refusalOf(`accounts/${three}`, init);
        expect([status, error]).toEqual([404, expected]);
      }
      expect((await accountsOf(`&corpId=${app.corpId}`)).map(({ openKfId }) => openKfId)).toEqual([one, two]);
    });

    it('are tested: a puppet that takes it, one that does not, one that is away, one that is not there', async () => {
      const reader = await follow(`?openKfId=${one}`);
      const next = puppet.next();
      expect(await ask(TestedAnswer, `accounts/${one}/test`, POST)).toMatchObject({
        taken: true,
        status: 200,
        body: 'success',
        failure: null,
      });
      expect(await next).toMatchObject({ body: JSON.stringify({ token: '', openKfId: one }) });
      await delivered(reader, { occasion: 'test', outcome: 'taken' });
      puppet.behave((_request, response) => response.writeHead(503).end('busy'));
      expect(await ask(TestedAnswer, `accounts/${one}/test`, POST)).toMatchObject({
        taken: false,
        status: 503,
        body: 'busy',
        failure: { stage: 'status' },
      });
      puppet.behave((_request, response) => response.end('success'));
      await register(manager.url, app, String(one), await refusedUrl());
      expect(await ask(TestedAnswer, `accounts/${one}/test`, POST)).toMatchObject({
        taken: false,
        status: null,
        body: null,
        failure: { stage: 'connect' },
      });
      expect((await refusalOf('accounts/wkNobody/test', POST)).slice(0, 2)).toEqual([
        404,
        'REGISTRY_PUPPET_NOT_FOUND',
      ]);
      await manager.line(
        ({ msg, openKfId, taken }) => msg === 'delivery.tested' && openKfId === one && taken === true,
      );
    });
  });

  describe('hints', () => {
    it('wait: are listed, are seen at their account, and are sent when that is asked for', async () => {
      const app = acceptedApp();
      const [openKfId, never] = [newOpenKfId(), newOpenKfId()];
      await keepFor(app, openKfId);
      await sendMessage(manager.url, app, never);
      expect(await hintsOf(app)).toHaveLength(2);
      const waiting = await hintsOf(app, '&state=waiting');
      expect(waiting.find((hint) => hint.openKfId === openKfId)).toMatchObject({
        state: 'waiting',
        name: '客服一号',
        lastFailure: { stage: 'connect' },
        isSyncTokenExpired: false,
      });
      expect(waiting.find((hint) => hint.openKfId === never)).toMatchObject({ state: 'parked', name: null });
      expect(await accountOf(openKfId)).toMatchObject({
        waiting: { events: 1, dead: 0 },
        hint: { openKfId, state: 'waiting' },
        lastFailure: { stage: 'connect' },
      });
      const reader = await follow(`?openKfId=${openKfId}&outcome=not_taken`);
      expect(await ask(SuccessAnswer, `hints/${openKfId}/replay`, POST)).toEqual(SUCCESS_ANSWER);
      // Its first attempt as a new event.
      await delivered(reader, { occasion: 'due', attempt: 1 });
      await manager.line(({ msg, openKfId: of }) => msg === 'hint.replayed' && of === openKfId);
      expect((await refusalOf(`hints/${never}/replay`, POST)).slice(0, 2)).toEqual([
        409,
        'HINT_UNDELIVERABLE',
      ]);
      expect((await refusalOf('hints/wkNobody/replay', POST)).slice(0, 2)).toEqual([404, 'HINT_NOT_FOUND']);
    });

    it('are dropped, and so lost on purpose', async () => {
      const app = acceptedApp();
      const openKfId = newOpenKfId();
      await sendMessage(manager.url, app, openKfId).then(({ status }) => expect(status).toBe(404));
      await register(manager.url, app, newOpenKfId(), puppet.url);
      await sendMessage(manager.url, app, openKfId);
      const [{ generation = '' } = {}, ...others] = await hintsOf(app);
      expect(others).toEqual([]);
      await sendMessage(manager.url, app, openKfId);
      const drop = (of: string) => `hints/${openKfId}?corpId=${app.corpId}&generation=${of}`;
      expect((await refusalOf(drop(generation), DELETE)).slice(0, 2)).toEqual([409, 'HINT_CHANGED']);
      const [newer] = await hintsOf(app);
      expect(await ask(SuccessAnswer, drop(newer?.generation ?? ''), DELETE)).toEqual(SUCCESS_ANSWER);
      expect(await hintsOf(app)).toEqual([]);
      expect((await refusalOf(`hints/${openKfId}`, DELETE)).slice(0, 2)).toEqual([404, 'HINT_NOT_FOUND']);
      const line = await manager.line(({ msg, openKfId: of }) => msg === 'hint.dropped' && of === openKfId);
      expect(line).toMatchObject({ corpId: app.corpId, state: 'parked', from: '127.0.0.1' });
    });
  });

  describe('deliveries', () => {
    const log = (query: string) => ask(LoggedDeliveryPageAnswer, `deliveries?${query}`);
    const story = (id: string) => ask(DeliveryStoryAnswer, `deliveries/${id}`);

    /** Records are written a moment after what they tell of. */
    async function logged(query: string, count: number) {
      let { items } = await log(query);
      await until(async () => {
        ({ items } = await log(query));
        return items.length >= count;
      });
      return items;
    }

    it('are told live and afterwards, the latest first, by account and outcome', async () => {
      const app = newApp();
      const [openKfId, away] = [newOpenKfId(), newOpenKfId()];
      await register(manager.url, app, openKfId, puppet.url);
      const reader = await follow(`?openKfId=${openKfId}`);
      const everything = await follow();
      const sent: string[] = [];
      for (let n = 0; n < 3; n++) {
        const next = puppet.next();
        await sendMessage(manager.url, app, openKfId);
        sent.push(String((await next).headers['webhook-id']));
      }
      for (const webhookId of sent) {
        const delivery = await delivered(reader, { webhookId });
        expect(delivery).toMatchObject({
          occasion: 'inline',
          form: 'encrypted',
          outcome: 'taken',
          status: 200,
        });
        await delivered(everything, { webhookId });
      }
      await logged(`openKfId=${openKfId}`, 3);
      const all = await pages((cursor) => log(`openKfId=${openKfId}&limit=2${cursor}`));
      expect(all.map(({ webhookId }) => webhookId)).toEqual(sent.toReversed());
      await keepFor(app, away);
      const [kept] = await logged(`openKfId=${away}&outcome=kept`, 1);
      expect(kept).toMatchObject({ kind: 'callback', outcome: 'kept', status: null, stage: 'connect' });
      expect(await log(`openKfId=${away}&outcome=taken`)).toMatchObject({ items: [], days: 3 });
      expect(reader.events.some(({ data }) => (data as DeliveryAnswer).openKfId === away)).toBe(false);
    });

    it('have a story: the callback, each attempt, and when it was taken', async () => {
      const app = newApp();
      const openKfId = newOpenKfId();
      await register(manager.url, app, openKfId, puppet.url);
      const received = puppet.next();
      await sendMessage(manager.url, app, openKfId);
      const webhookId = String((await received).headers['webhook-id']);
      const [row] = await logged(`webhookId=${webhookId}`, 1);
      expect(row).toMatchObject({ kind: 'callback', form: 'encrypted', outcome: 'taken', openKfId });
      const told = await story(row?.id ?? '');
      expect(told).toMatchObject({ webhookId, outcome: 'taken' });
      expect(told.records.map(({ kind, status }) => [kind, status])).toEqual([
        ['attempt', 200],
        ['callback', 200],
      ]);
      expect(told.takenAt).toBe(told.records[0]?.at);
      expect(JSON.stringify(told)).not.toContain(app.token);
      const { since } = await log('limit=1');
      expect(Date.parse(since ?? '')).toBeLessThanOrEqual(Date.parse(row?.at ?? ''));
    });

    it('have a story that says which newer event ended the wait of one that was kept', async () => {
      const app = newApp();
      const openKfId = newOpenKfId();
      await keepFor(app, openKfId);
      await sendMessage(manager.url, app, openKfId);
      const kept = await logged(`openKfId=${openKfId}&outcome=kept`, 2);
      for (const { id } of kept)
        expect(await story(id)).toMatchObject({ outcome: 'kept', takenAt: null, endedBy: null });
      const received = puppet.next();
      await register(manager.url, app, openKfId, puppet.url);
      const webhookId = String((await received).headers['webhook-id']);
      const [taken] = await logged(`openKfId=${openKfId}&outcome=taken`, 1);
      expect(taken).toMatchObject({ webhookId, occasion: 'registration' });
      for (const { id } of kept)
        expect(await story(id)).toMatchObject({ outcome: 'kept', takenAt: null, endedBy: taken });
    });

    it('are found by what was typed: a name, an id, a time', async () => {
      const app = newApp();
      const openKfId = newOpenKfId();
      await register(manager.url, app, openKfId, puppet.url);
      await sendMessage(manager.url, app, openKfId);
      const [row] = await logged(`q=${openKfId.toUpperCase()}`, 1);
      expect(await logged(`q=${app.corpId}`, 1)).toEqual([row]);
      expect(await logged(`q=${row?.webhookId}`, 1)).toEqual([row]);
      expect(await logged(`from=${row?.at}&corpId=${app.corpId}`, 1)).toEqual([row]);
      expect((await log(`to=${row?.at}&corpId=${app.corpId}`)).items).toEqual([]);
      expect((await log('q=nothing-like-it')).items).toEqual([]);
    });

    it('that were refused are found with the reason and where they came from', async () => {
      const app = newApp();
      await sendMessage(manager.url, app, newOpenKfId()).catch(() => {});
      const [row] = await logged(`outcome=refused&corpId=${app.corpId}`, 1);
      expect(row).toMatchObject({ reason: 'CALLBACK_CORP_UNKNOWN', source: '127.0.0.1', webhookId: null });
      expect(await story(row?.id ?? '')).toMatchObject({ outcome: 'refused', records: [row] });
      const { items } = await ask(RefusedCallbacksAnswer, `refused-callbacks?corpId=${app.corpId}`);
      const { corpId } = app;
      expect(items).toMatchObject([{ corpId, reason: row?.reason, source: '127.0.0.1', count: 1 }]);
    });

    it('that nobody knows have no story', async () => {
      const [status, error] = await refusalOf('deliveries/00000000000000000000');
      expect([status, error]).toEqual([404, 'DELIVERY_NOT_FOUND']);
      expect((await refusalOf('deliveries/x'))[1]).toBe('REQUEST_INVALID');
    });
  });

  it("tells which errors WeCom's answers were, page by page", async () => {
    const token = (secret: string) =>
      fetch(`${manager.url}/puppetWxkfManager/getToken?corpid=ww1&corpsecret=${secret}`).then((one) =>
        one.json(),
      );
    // Corps that nobody has registered are counted together.
    await (await postJson(urlOf('apps'), { corpId: 'ww1' })).arrayBuffer();
    wecom.behave('gettoken', answer(40_013, 'no such corp'));
    await token('a');
    wecom.behave('gettoken', answer(987_654, 'of no list'));
    await token('b');
    await token('');
    const errors = await pages((cursor) => ask(SeenWecomErrorPageAnswer, `wecom-errors?limit=1${cursor}`));
    const calls = await pages((cursor) =>
      ask(FailedCallPageAnswer, `wecom-errors/calls?corpId=ww1&limit=1${cursor}`),
    );
    expect(calls).toMatchObject([
      { operation: 'gettoken', corpId: 'ww1', openKfId: null, api: '', why: '987654', count: 1 },
      { operation: 'gettoken', corpId: 'ww1', why: '40013', count: 1 },
    ]);
    expect(calls[0]?.hours.at(-1)).toBe(1);
    const found = errors.filter(({ operation }) => operation === 'gettoken').map(({ errcode }) => errcode);
    expect(found).toEqual(expect.arrayContaining(['40013', '41004', 'other']));
    expect(found).toEqual(found.toSorted());
  });

  describe('what cannot be', () => {
    it.each([
      ['accounts?limit=0', 'limit must be a whole number from 1 to 200'],
      ['accounts?cursor=x', 'cursor must be the nextCursor of an earlier page of this list'],
      ['history?range=2h', 'range must be one of 1h, 6h, 24h, 3d'],
      ['hints?sort=name', 'sort must be one of account, waitingSince'],
      ['hints?stage=nowhere', 'stage must be one of endpoint'],
      ['wecom-errors/calls?cursor=MQ', 'cursor must be the nextCursor of an earlier page of this list'],
      ['accounts?state=asleep', 'state must be one of failing, silent, waiting, unserved, paused, offline'],
      ['accounts?corpId=a%20b', 'corpId must be'],
      ['accounts?q=a&q=b', 'q must be a text of at most 128 characters, given once'],
      ['deliveries?outcome=lost', 'outcome must be one of taken, kept, not_taken'],
      ['deliveries?from=yesterday', 'from must be a time in ISO 8601'],
      ['deliveries?webhookId=a%20b', 'webhookId must be a webhook-id, given once'],
      ['refused-callbacks?from=yesterday', 'from must be a time in ISO 8601'],
      ['stream?openKfId=%2F', 'openKfId must be'],
    ])('%s is 400, and named', async (path, expected) => {
      const [status, error, message] = await refusalOf(path);
      expect([status, error]).toEqual([400, 'REQUEST_INVALID']);
      expect(message).toContain(expected);
    });

    it('a drop of what is no generation is 400, and named', async () => {
      for (const generation of ['a&generation=b', 'x'.repeat(65)]) {
        const [status, , message] = await refusalOf(`hints/wk1?generation=${generation}`, DELETE);
        expect([status, message]).toEqual([
          400,
          expect.stringContaining('generation must be the generation of a hint, given once'),
        ]);
      }
    });

    it('a replay of all that says not what is 400, and named', async () => {
      for (const body of [{}, { state: 'waiting' }, { state: ['dead'] }]) {
        const [status, , message] = await refusalOf('hints/replay', json(body));
        expect([status, message]).toEqual([400, expect.stringContaining('state must be one of dead')]);
      }
      const [, , message] = await refusalOf('hints/replay', json({ state: 'dead', corpId: 7 }));
      expect(message).toContain('corpId must be');
      expect((await refusalOf('hints/replay', POST))[0]).toBe(415);
    });

    it('a replay of all that is narrowed by null is 400, and named, and no replay of all', async () => {
      for (const field of ['corpId', 'stage', 'arrivedAfter', 'arrivedBefore']) {
        const [status, , message] = await refusalOf('hints/replay', json({ state: 'dead', [field]: null }));
        expect([status, message]).toEqual([400, expect.stringContaining(`${field} must not be null`)]);
      }
      const [status, , message] = await refusalOf('messages/replay', json({ state: 'dead', corpId: null }));
      expect([status, message]).toEqual([400, expect.stringContaining('corpId must not be null')]);
    });

    it('a replay or count of all that is narrowed by what is not known is 400, and named', async () => {
      const refused = (name: string) => [
        400,
        'REQUEST_INVALID',
        expect.stringContaining(`${name} is not known here`),
      ];
      for (const name of ['dryRun', 'arrived_after', 'corpID']) {
        const body = { state: 'dead', [name]: '2026-01-31T08:00:00Z' };
        expect(await refusalOf('hints/replay', json(body))).toEqual(refused(name));
        expect(await refusalOf('messages/replay', json(body))).toEqual(refused(name));
        expect(await refusalOf(`hints/count?${new URLSearchParams(body)}`)).toEqual(refused(name));
      }
      const narrowed = json({ state: 'dead', stage: 'connect' });
      expect(await refusalOf('messages/replay', narrowed)).toEqual(refused('stage'));
    });
  });

  it('ends what is followed when it drains; dead letters are seen, and sent again: one, and all of a corp', async () => {
    const [app, other] = [newApp(), newApp()];
    const [first = '', second = '', third = ''] = [newOpenKfId(), newOpenKfId(), newOpenKfId()].sort();
    const elsewhere = newOpenKfId();
    const away = await startPuppetServer((_request, response) => response.destroy());
    const keep = async (of: WecomApp, openKfId: string): Promise<void> => {
      await register(manager.url, of, openKfId, away.url);
      await sendMessage(manager.url, of, openKfId);
    };
    await Promise.all([
      ...[first, second, third].map((openKfId) => keep(app, openKfId)),
      keep(other, elsewhere),
    ]);
    const followed = await follow();
    const stopping = manager.stop();
    await followed.ended;
    expect(await stopping).toBe(0);
    // Their endpoints cannot be used any more.
    manager = await startManager({ ...env(), PUPPET_ENDPOINT_ALLOW: '192.0.2.0/24' });
    for (const buried of [first, second, third, elsewhere])
      await manager.line(({ msg, openKfId }) => msg === 'hint.buried' && openKfId === buried);
    expect((await accountsOf(`&state=failing&corpId=${app.corpId}`)).map(({ openKfId }) => openKfId)).toEqual(
      [first, second, third],
    );
    expect((await refusalOf(`hints/${first}/replay`, POST)).slice(0, 2)).toEqual([409, 'HINT_UNDELIVERABLE']);
    expect(await ask(ReplayedAnswer, 'hints/replay', json({ state: 'dead' }))).toMatchObject({ replayed: 0 });
    await manager.stop();
    away.behave((_request, response) => response.end('success'));
    manager = await startManager(env());
    const reader = await follow('?outcome=taken');
    expect(await hintsOf(app, '&state=dead')).toMatchObject(
      [first, second, third].map((openKfId) => ({ openKfId })),
    );
    await ask(SuccessAnswer, `hints/${second}/replay`, POST);
    await delivered(reader, { openKfId: second });
    const count = async (narrowed: Readonly<Record<string, string>>) => {
      const query = new URLSearchParams({ state: 'dead', corpId: app.corpId, ...narrowed });
      return (await ask(HintCountAnswer, `hints/count?${query}`)).count;
    };
    expect(await count({})).toBe(2);
    expect(await count({ stage: 'endpoint', arrivedAfter: '2026-01-01T00:00:00Z' })).toBe(2);
    expect(await count({ stage: 'timeout' })).toBe(0);
    expect(await count({ arrivedBefore: '2026-01-01T00:00:00Z' })).toBe(0);
    expect(await ask(ReplayedAnswer, 'hints/replay', json({ state: 'dead', corpId: app.corpId }))).toEqual({
      ...SUCCESS_ANSWER,
      replayed: 2,
    });
    await Promise.all([first, third].map((openKfId) => delivered(reader, { openKfId })));
    expect(await hintsOf(other)).toMatchObject([{ openKfId: elsewhere, state: 'dead' }]);
    await away.close();
  });
});
