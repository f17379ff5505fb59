/** Bots without an address: events over connections that they open; on both stores: embedded and MongoDB. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decrypt, getSignature } from '@wecom/crypto';
import type { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { HintPageAnswer } from '../../src/api/waiting/hints.dto.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { postJson } from '../support/puppet-server.js';
import { StreamBot, type StreamBotOptions } from '../support/stream-bot.js';
import { mongoPlace } from '../support/each-store.js';
import { until, whenServed } from '../support/until.js';

const CORP = 'wwStream';
const UPGRADE =
  'GET /puppetWxkfManager/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
const SECRETS_KEY = randomBytes(32).toString('base64');

/** @param isShared whether several managers may be on the store. */
function streamsIn(newPlace: () => Place, isShared: boolean): void {
  let place: Place;
  let manager: ManagerProcess;
  let accountsUsed = 0;
  let openKfId: string;
  let opened: StreamBot[];
  let tokens = 0;

  const start = () => startManager({ ...place.env, SECRETS_KEY, HOST: '127.0.0.1' });

  beforeAll(async () => {
    place = newPlace();
    manager = await start();
  });

  afterAll(async () => {
    await manager.stop('SIGKILL');
    await place.discard();
  });

  beforeEach(() => {
    openKfId = `wkStream${accountsUsed++}`;
    opened = [];
  });

  afterEach(() => Promise.all(opened.map((bot) => bot.close())));

  async function call<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
    const response = await whenServed(() =>
      fetch(manager.url + path, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    );
    return { status: response.status, ...((await response.json()) as object) } as T;
  }

  const addBot = (fields: object = {}) =>
    call<BotCreatedAnswer & { readonly status: number }>('POST', '/api/v1/bots', {
      ...{ name: 'Laptop', corpId: CORP, openKfIds: [openKfId], kind: 'stream', takes: 'event' },
      ...fields,
    });

  async function open(key: string, options: StreamBotOptions = {}, at = manager): Promise<StreamBot> {
    const bot = new StreamBot(at.url, key, options);
    opened.push(bot);
    return bot.ready();
  }

  /** An event of WeCom by a gateway. @returns whether it was delivered or kept. */
  async function tell(account = openKfId, at = manager): Promise<string> {
    const event = { openKfId: account, token: `ENC${tokens++}` };
    const response = await whenServed(() => postJson(`${at.url}/callback/decrypted/${CORP}`, event));
    const answer = (await response.json()) as { readonly delivery: string };
    return `${response.status} ${answer.delivery}`;
  }

  if (isShared) replicasIn();
  if (!isShared || process.env.TEST_EVERY_STORE) byPortsAlone();

  /** On MongoDB in the nightly run only, as other suites that use the store through its ports alone. */
  function byPortsAlone(): void {
    describe('a WebSocket', () => {
      it('says which accounts are active, and gives each event once it comes', async () => {
        const { key } = await addBot();
        const bot = await open(key);
        expect(await bot.first('ready')).toEqual({
          type: 'ready',
          heartbeatS: 30,
          ackMs: 5_000,
          accounts: [{ openKfId, role: 'active' }],
        });
        expect(await tell()).toBe('200 delivered');
        expect(bot.events).toEqual([
          {
            type: 'event',
            id: expect.stringMatching(/./),
            attempt: 1,
            openKfId,
            corpId: CORP,
            ageMs: 0,
            token: expect.stringMatching(/^ENC\d+$/),
          },
        ]);
      });

      it('is given at once what waited for it', async () => {
        const { key } = await addBot();
        expect(await tell()).toBe('200 pending');
        const bot = await open(key);
        const { token, attempt } = await bot.first('event');
        expect([token, attempt]).toEqual([`ENC${tokens - 1}`, 1]);
        expect(await tell()).toBe('200 delivered');
        const account = await call<AccountAnswer>('GET', `/api/v1/accounts/${openKfId}`);
        expect(account).toMatchObject({ botName: 'Laptop', address: null });
      });

      it('is given nothing while its bot is paused, and what waits once the pause is over', async () => {
        const { key, id } = await addBot({ paused: true });
        const bot = await open(key);
        expect(await tell()).toBe('200 pending');
        expect(bot.events).toEqual([]);
        await call('PATCH', `/api/v1/bots/${id}`, { paused: false });
        expect((await bot.first('event')).token).toBe(`ENC${tokens - 1}`);
      });

      it('that breaks gets what was under way when it is back', async () => {
        const { key } = await addBot();
        const broken = await open(key, { onEvent: (_frame, self) => self.socket.terminate() });
        expect(await tell()).toBe('200 pending');
        const bot = await open(key);
        const { id, attempt } = await bot.first('event');
        expect([id, attempt]).toEqual([broken.events[0]?.id, 2]);
      });

      it('has one event of an account under way at a time, and of others meanwhile', async () => {
        const other = `${openKfId}b`;
        const { key } = await addBot({ openKfIds: [openKfId, other] });
        const bot = await open(key, { onEvent: () => {} });
        const first = tell();
        await bot.first('event');
        const second = tell();
        const third = tell(other);
        await bot.first('event', (frame) => frame.openKfId === other);
        expect(bot.events.filter((frame) => frame.openKfId === openKfId)).toHaveLength(1);
        for (const { id } of bot.events) bot.send({ type: 'ack', id });
        await until(() => bot.events.length === 3);
        bot.send({ type: 'ack', id: bot.events[2]?.id });
        expect(await Promise.all([first, second, third])).toEqual(Array(3).fill('200 delivered'));
      });

      it('gives WeCom’s own callback to a client that asks for that', async () => {
        const { key, token, encodingAESKey } = await addBot();
        const bot = await open(key, { hello: { form: 'wecom' } });
        expect(await tell()).toBe('200 delivered');
        const { callback, token: syncToken } = (await bot.first('event')) as unknown as {
          readonly callback: { readonly query: string; readonly body: string };
          readonly token: string;
        };
        const query = new URLSearchParams(callback.query);
        const [, encrypted = ''] = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(callback.body) ?? [];
        const [timestamp, nonce] = [query.get('timestamp') ?? '', query.get('nonce') ?? ''];
        expect(query.get('msg_signature')).toBe(getSignature(token ?? '', timestamp, nonce, encrypted));
        const { message, id } = decrypt(encodingAESKey ?? '', encrypted);
        expect(id).toBe(CORP);
        expect(message).toContain(`<Token><![CDATA[${syncToken}]]></Token><OpenKfId><![CDATA[${openKfId}]]>`);
      });
    });

    describe('two clients', () => {
      it('of a bot: the first is active; the other stands by, and takes over when that is gone', async () => {
        const { key } = await addBot();
        const first = await open(key, { clientId: 'one' });
        const second = await open(key, { clientId: 'two' });
        expect((await second.first('ready')).accounts).toEqual([{ openKfId, role: 'standby' }]);
        expect(await tell()).toBe('200 delivered');
        expect([first.events.length, second.events.length]).toEqual([1, 0]);
        await first.close();
        expect(await second.first('role')).toEqual({ type: 'role', openKfId, role: 'active' });
        expect(await tell()).toBe('200 delivered');
        expect(second.events).toHaveLength(1);
      });

      it('of one name: the second takes the place of the first, which is told not to come back', async () => {
        const { key } = await addBot();
        const standby = await (async () => {
          const first = await open(key);
          const other = await open(key, { clientId: 'other' });
          const again = await open(key);
          expect(await first.first('goaway')).toMatchObject({ reason: 'replaced' });
          expect((await first.whenClosed()).code).toBe(4001);
          expect((await again.first('ready')).accounts).toEqual([{ openKfId, role: 'active' }]);
          expect(await tell()).toBe('200 delivered');
          expect(again.events).toHaveLength(1);
          return other;
        })();
        expect(standby.events).toHaveLength(0);
      });

      it('for an account each share the bot', async () => {
        const other = `${openKfId}b`;
        const { key } = await addBot({ openKfIds: [openKfId, other] });
        const one = await open(key, { clientId: 'one', hello: { openKfIds: [openKfId] } });
        const two = await open(key, { clientId: 'two', hello: { openKfIds: [other] } });
        expect([await tell(), await tell(other)]).toEqual(Array(2).fill('200 delivered'));
        expect(one.events.map((frame) => frame.openKfId)).toEqual([openKfId]);
        expect(two.events.map((frame) => frame.openKfId)).toEqual([other]);
      });
    });

    describe('a callback bot', () => {
      it('gets its events over the stream for as long as one of its clients is connected', async () => {
        const url = 'http://127.0.0.1:1/callback';
        const { key } = await addBot({ kind: 'callback', callback: { url } });
        expect(await tell()).toBe('200 pending');
        const bot = await open(key, { hello: { form: 'wecom' } });
        await bot.first('event');
        expect(await tell()).toBe('200 delivered');
        await bot.close();
        await until(async () => (await tell()) === '200 pending');
      });
    });

    it('a manager that stops says so, and lets what is under way be acknowledged', async () => {
      const { key } = await addBot();
      const bot = await open(key, { onEvent: () => {} });
      const told = tell();
      const { id } = await bot.first('event');
      const exited = manager.stop();
      expect(await bot.first('goaway')).toMatchObject({
        reason: 'drain',
        reconnectAfterMs: expect.any(Number),
      });
      bot.send({ type: 'ack', id });
      expect(await told).toBe('200 delivered');
      expect([(await bot.whenClosed()).code, await exited]).toEqual([1001, 0]);
      manager = await start();
      const again = await open(key);
      expect(await tell()).toBe('200 delivered');
      expect(again.events).toHaveLength(1);
    });
  }

  if (!isShared) edgesIn();

  /** What no store has a part in. */
  function edgesIn(): void {
    describe('a WebSocket that does not acknowledge', () => {
      it('is given again what it refused or did not acknowledge, with the same id', async () => {
        const { key } = await addBot({ callback: { timeoutMs: 500 } });
        let seen = 0;
        const bot = await open(key, {
          onEvent: ({ id }, self) => {
            seen++;
            if (seen === 1) self.send({ type: 'nack', id, retryAfterMs: 100 });
            if (seen > 2) self.send({ type: 'ack', id });
          },
        });
        expect(await tell()).toBe('200 pending');
        await until(() => seen === 3);
        const ids = new Set(bot.events.map(({ id }) => id));
        expect([ids.size, bot.events.map(({ attempt }) => attempt)]).toEqual([1, [1, 2, 3]]);
      });

      it.each(['before', 'after'])(
        'is left alone as long as it asked, %s WeCom was answered',
        async (when) => {
          const { key } = await addBot();
          const refuse = (id: unknown) => bot.send({ type: 'nack', id, retryAfterMs: 600_000 });
          const bot = await open(key, { onEvent: ({ id }) => when === 'before' && refuse(id) });
          expect(await tell()).toBe('200 pending');
          if (when === 'after') refuse(bot.events[0]?.id);
          await until(async () => {
            const { items } = await call<HintPageAnswer>('GET', `/api/v1/hints?corpId=${CORP}`);
            const hint = items.find((one) => one.openKfId === openKfId);
            return Date.parse(hint?.dueAt ?? '') - Date.parse(hint?.arrivedAt ?? '') >= 600_000;
          });
          expect(bot.events).toHaveLength(1);
        },
      );
    });

    describe('a client is refused', () => {
      it('without a good key, from a page, and with the key of a bot that registers', async () => {
        const { key } = await addBot();
        const puppet = await addBot({ kind: 'puppet', openKfIds: [`${openKfId}p`] });
        const refusals = [
          new StreamBot(manager.url, 'wxkf_wrong'),
          new StreamBot(manager.url, key, { headers: { origin: 'https://evil.example' } }),
          new StreamBot(manager.url, puppet.key),
        ];
        const answers = await Promise.all(refusals.map((bot) => bot.whenRefused()));
        expect(answers.map(({ status, body }) => [status, JSON.parse(body).error])).toEqual([
          [401, 'AUTH_WRONG'],
          [403, 'AUTH_HOST_FOREIGN'],
          [403, 'BOT_FORBIDDEN'],
        ]);
        expect(await call('GET', '/puppetWxkfManager/stream', undefined, key)).toMatchObject({
          status: 426,
          error: 'STREAM_UPGRADE_REQUIRED',
        });
      });

      it.each<[string, object | string, RegExp]>([
        ['no JSON', '{', /a frame must be JSON/],
        ['no hello', { type: 'ack', id: 'x' }, /the first frame must be hello/],
        [
          'accounts of others',
          { type: 'hello', version: 1, clientId: 'a', openKfIds: ['wkOther'] },
          /openKfIds must be accounts of the bot; wkOther is not one/,
        ],
      ])('that begins with %s, and is told why', async (_what, frame, reason) => {
        const { key } = await addBot();
        const bot = new StreamBot(manager.url, key, { hello: null });
        opened.push(bot);
        await until(() => bot.socket.readyState === bot.socket.OPEN);
        bot.send(frame);
        const closed = await bot.whenClosed();
        expect([closed.code, bot.frames]).toEqual([1008, []]);
        expect(closed.reason).toMatch(reason);
      });

      it('whose frames are too long, and nothing is lost', async () => {
        const { key } = await addBot();
        const bot = await open(key, { onEvent: (_frame, self) => self.send('x'.repeat(300_000)) });
        expect(await tell()).toBe('200 pending');
        expect((await bot.whenClosed()).code).toBe(1009);
        const again = await open(key);
        expect(await again.first('event')).toMatchObject({ attempt: 2 });
      });

      it('that asks behind a request which has no answer yet, and the manager lives on', async () => {
        const { hostname, port } = new URL(manager.url);
        const socket = connect({ port: Number(port), host: hostname });
        const closed = new Promise((resolve) => void socket.once('close', resolve));
        socket.on('error', () => {});
        socket.write(`GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n${UPGRADE}`);
        await closed;
        expect((await fetch(`${manager.url}/health/live`)).status).toBe(200);
      });

      it('without a key, and does not keep its half of the connection', async () => {
        const { hostname, port } = new URL(manager.url);
        const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
        socket.on('error', () => {});
        socket.write(UPGRADE);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
        // Its own side stays open, until it can write no more.
        const closed = new Promise((resolve) => void socket.once('close', resolve));
        await until(() => !socket.write('x') || socket.destroyed || socket.errored !== null);
        await closed;
      });

      it('once its key does not count any more', async () => {
        const { key, id } = await addBot();
        const bot = await open(key);
        await call('DELETE', `/api/v1/bots/${id}`);
        expect(await bot.first('goaway')).toMatchObject({ reason: 'auth' });
        expect((await bot.whenClosed()).code).toBe(4003);
      });
    });

    it('has events by no request: the WebSocket alone carries them', async () => {
      const { key } = await addBot();
      for (const path of ['events', 'replicas/polls', 'replicas/events', 'replicas/notices'])
        expect(await call('POST', `/puppetWxkfManager/${path}`, { clientId: 'a' }, key)).toMatchObject({
          status: 404,
          error: 'ROUTE_NOT_FOUND',
        });
    });
  }

  function replicasIn(): void {
    describe('two replicas', () => {
      let other: ManagerProcess;

      beforeAll(async () => {
        other = await start();
      });

      afterAll(() => other.stop('SIGKILL'));

      const isKnownToOther = async () =>
        (await fetch(`${other.url}/api/v1/bots?limit=200`).then((r) => r.text())).includes(openKfId);
      const isConnected = async (at = manager) =>
        (await fetch(`${at.url}/api/v1/connections`).then((r) => r.text())).includes(openKfId);

      it('keep events for the one that has the connection, which gives each to the client within a second', async () => {
        const { key } = await addBot();
        await until(isKnownToOther);
        const bot = await open(key, {}, other);
        await until(isConnected);
        for (let n = 0; n < 5; n++) {
          const startedMs = performance.now();
          expect(await tell()).toBe('200 pending');
          const token = `ENC${tokens - 1}`;
          await until(() => bot.events.some((event) => event.token === token));
          expect(performance.now() - startedMs).toBeLessThan(1_200);
        }
        expect(await tell(openKfId, other)).toBe('200 delivered');
        expect(bot.events.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 1]);
      });

      it('keep them for a bot of all others of its corp, too', async () => {
        const { key } = await addBot({ openKfIds: ['*'] });
        const bot = await open(key, {}, other);
        await until(async () => (await tell(openKfId, other)) === '200 delivered');
        await until(async () => /200 pending/.test(await tell()));
        await until(() => bot.events.some(({ token }) => token === `ENC${tokens - 1}`));
        await bot.close();
      });

      it('give a client that takes its time each event once', async () => {
        const callback = { url: 'http://127.0.0.1:1/callback', timeoutMs: 10_000 };
        const { key } = await addBot({ kind: 'callback', callback });
        await until(isKnownToOther);
        const onEvent: StreamBotOptions['onEvent'] = ({ id }, self) =>
          void setTimeout(() => self.send({ type: 'ack', id }), 1_200);
        const bot = await open(key, { onEvent }, other);
        await until(isConnected);
        await Promise.all([tell(), tell()]);
        await until(async () => {
          const { items } = await call<HintPageAnswer>('GET', `/api/v1/hints?corpId=${CORP}`);
          return items.every((one) => one.openKfId !== openKfId);
        });
        expect(bot.events.map(({ attempt }) => attempt)).toEqual([1, 1]);
      });

      it('replace a client that connects to the other one, and give it there what either keeps', async () => {
        const { key } = await addBot();
        await until(isKnownToOther);
        const first = await open(key, { clientId: 'one' }, other);
        await until(isConnected);
        const next = await open(key, { clientId: 'one' });
        expect(await first.first('goaway')).toMatchObject({ reason: 'replaced' });
        for (const at of [manager, other]) {
          await tell(openKfId, at);
          await until(() => next.events.some(({ token }) => token === `ENC${tokens - 1}`));
        }
      });

      it('test a bot through either', async () => {
        const { key } = await addBot();
        await until(isKnownToOther);
        let answer = 'ack';
        const bot = await open(key, { onEvent: ({ id }, self) => self.send({ type: answer, id }) }, other);
        await until(isConnected);
        const test = () => call<object>('POST', `/api/v1/accounts/${openKfId}/test`);
        expect(await test()).toMatchObject({ taken: true, failure: null });
        answer = 'nack';
        expect(await test()).toMatchObject({ taken: false, failure: { stage: 'status' } });
        expect(bot.events.map(({ attempt }) => attempt)).toEqual([1, 1]);
        const { items } = await call<HintPageAnswer>('GET', `/api/v1/hints?corpId=${CORP}`);
        expect(items.filter((one) => one.openKfId === openKfId)).toEqual([]);
      });

      it('promote the standby when the one with the active connection is killed, and lose nothing', async () => {
        const { key } = await addBot();
        await until(isKnownToOther);
        await open(key, { clientId: 'active', onEvent: () => {} }, other);
        await until(isConnected);
        const standby = await open(key, { clientId: 'standby' });
        await until(() => standby.roleOf(openKfId) === 'standby');
        expect(await tell()).toMatch(/^200 /);
        await other.stop('SIGKILL');
        await until(() => standby.roleOf(openKfId) === 'active');
        expect(await standby.first('event')).toMatchObject({ openKfId, token: `ENC${tokens - 1}` });
      });
    });
  }
}

describe('streams on the embedded store', () => streamsIn(embeddedPlace, false));
mongoSuite('streams on MongoDB', () => streamsIn(mongoPlace, true));
