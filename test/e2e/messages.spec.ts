/** Messages that the manager pulls and gives to bots, in order; two replicas on MongoDB. */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BotAnswer, BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { connectApp, saveCallback } from '../support/connected-app.js';
import { runCli } from '../support/cli-process.js';
import { startConnect } from '../support/connect-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PullingHabit, PullingBot } from '../support/pulling-bot.js';
import { type PuppetServer, startPuppetServer } from '../support/puppet-server.js';
import { StreamBot, type StreamBotOptions, type StreamFrame } from '../support/stream-bot.js';
import { until, whenServed } from '../support/until.js';
import { findStored } from '../support/stored-bytes.js';
import { mongoPlace } from '../support/each-store.js';

const SECRETS_KEY = randomBytes(32).toString('base64');
const ACCOUNTS = Array.from({ length: 40 }, (_, n) => `account ${n}`);
const AHEAD_MAX = 10;
const HABITS: readonly PullingHabit[] = [
  'before it answers',
  'after it answered',
  'until there is no more',
  'with an old cursor',
];

/** @param isShared whether several managers may be on the store. */
function messagesIn(newPlace: () => Place, isShared: boolean): void {
  let place: Place;
  let manager: ManagerProcess;
  let wecom: Simulator;
  let accountsUsed = 0;
  let openKfId: string;
  let bot: PullingBot;
  let puppet: PuppetServer;

  beforeAll(async () => {
    wecom = await startSimulator({ accounts: ACCOUNTS, customers: ['张三', '李四'] });
    place = newPlace();
    manager = await start();
    await connectApp(wecom, manager);
  });

  afterAll(async () => {
    await manager.stop();
    await wecom.close();
    await place.discard();
  });

  beforeEach(async () => {
    openKfId = wecom.accounts[accountsUsed++]?.openKfId ?? '';
    [bot, puppet] = await Promise.all([PullingBot.start(), startPuppetServer()]);
  });

  afterEach(() => Promise.all([bot.close(), puppet.close()]));

  const start = () =>
    startManager({
      ...place.env,
      SECRETS_KEY,
      MESSAGE_TRIES: '2',
      MESSAGES_AHEAD_MAX: String(AHEAD_MAX),
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
    });

  async function restart(): Promise<void> {
    await manager.stop('SIGKILL');
    manager = await start();
    await saveCallback(wecom, manager);
    bot.base = bot.base.replace(/^http:\/\/[^/]+/, manager.url);
  }

  const request = (method: string, path: string, body?: object) =>
    whenServed(() =>
      fetch(manager.url + path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      }),
    );

  async function list(what: 'hints' | 'messages'): Promise<readonly unknown[]> {
    const answer = await request('GET', `/api/v1/${what}?openKfId=${openKfId}`);
    return ((await answer.json()) as { readonly items: readonly unknown[] }).items;
  }

  /** With the keys that are shown once given to the program. */
  async function add(fields: object = {}): Promise<BotCreatedAnswer> {
    const { corpId, corpSecret } = wecom;
    const response = await request('POST', '/api/v1/bots', {
      ...{ name: 'Support bot', corpId, corpSecret, openKfIds: [openKfId] },
      ...{ kind: 'callback', takes: 'message', callback: { url: `${bot.server.url}/wxkf/` } },
      ...fields,
    });
    const answer = (await response.json()) as BotCreatedAnswer;
    if (response.status !== 200) throw new Error(JSON.stringify(answer));
    bot.server.keys = { token: answer.token ?? '', encodingAESKey: answer.encodingAESKey ?? '' };
    bot.base = `${manager.url}/bot/${answer.key}/cgi-bin`;
    bot.credentials = { corpid: corpId, corpsecret: corpSecret };
    return answer;
  }

  const say = (text: string, fields: object = {}) => wecom.say(text, { openKfId, ...fields });
  const sayAll = (texts: readonly string[]) => void texts.forEach((text) => say(text));
  const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, n) => `${from + n}`);
  const secondCustomer = () => wecom.customers[1]?.externalUserId ?? '';

  describe('a callback bot', () => {
    it.each(isShared ? HABITS.slice(0, 1) : HABITS)(
      'that pulls %s gets each message once, in order, whatever came together',
      async (habit) => {
        bot.habit = habit;
        await add();
        sayAll(numbered(10));
        await until(() => bot.given.length >= 10);
        say('11');
        await until(() => bot.given.length >= 11);
        expect(bot.texts).toEqual(numbered(11));
        expect(new Set(bot.given.map(({ webhookId }) => webhookId)).size).toBe(11);
        expect(bot.given.every(({ attempt }) => attempt === 1)).toBe(true);
      },
    );
  });

  describe('a paused bot', () => {
    it('is sent nothing, over a restart as well; all of it comes in order once the pause is over', async () => {
      const { id } = await add({ paused: true });
      sayAll(numbered(3));
      await until(async () => (await list('messages')).length === 3);
      await restart();
      say('4');
      await until(async () => (await list('messages')).length === 4);
      expect(bot.server.received).toEqual([]);
      expect((await request('PATCH', `/api/v1/bots/${id}`, { paused: false })).status).toBe(200);
      await until(() => bot.given.length >= 4);
      expect(bot.texts).toEqual(numbered(4));
      expect(bot.given.every(({ attempt }) => attempt === 1)).toBe(true);
    });
  });

  describe('an entry whose code lasts 20 s', () => {
    it('goes before older messages that wait, and loses none of them', async () => {
      const { id } = await add({ paused: true });
      sayAll(numbered(2));
      wecom.corp.enter(openKfId, secondCustomer());
      await until(async () => (await list('messages')).length === 3);
      expect((await request('PATCH', `/api/v1/bots/${id}`, { paused: false })).status).toBe(200);
      await until(() => bot.given.length >= 3);
      expect(bot.given[0]?.entry).toMatchObject({ event: { welcome_code: expect.stringMatching(/./) } });
      expect(bot.texts.slice(1)).toEqual(numbered(2));
    });
  });

  describe('texts that a customer writes quickly', () => {
    const session = { mergeS: 1 };

    it('reach a callback bot as one, under the last id', async () => {
      await add({ session });
      sayAll(numbered(3));
      say('another customer', { externalUserId: secondCustomer() });
      await until(() => bot.given.length >= 2);
      expect(bot.texts.toSorted()).toEqual(['1\n2\n3', 'another customer']);
      expect(bot.given.every(({ entry }) => !('merged' in entry))).toBe(true);
      await until(async () => (await list('messages')).length === 0);
    });

    it('are named in messages as JSON, over a kill as well', async () => {
      const url = `${puppet.url}/own/`;
      // On a busy machine, seconds pass until both are seen to wait.
      await add({ session: { mergeS: 10 }, callback: { url, form: 'json' } });
      sayAll(['1', '2']);
      await until(async () => (await list('messages')).length === 2);
      await restart();
      await until(() => puppet.received.length >= 1);
      const said = JSON.parse(puppet.received[0]?.body ?? '') as { msgid: string; merged: readonly string[] };
      expect(said).toMatchObject({ text: { content: '1\n2' }, merged: [expect.any(String), said.msgid] });
      await until(async () => (await list('messages')).length === 0);
      expect(puppet.received).toHaveLength(1);
    });
  });

  if (isShared) describe('of two replicas', replicasIn);

  function replicasIn(): void {
    let other: ManagerProcess;

    beforeAll(async () => {
      other = await start();
    });

    afterAll(() => other.stop());

    it('may be pulled from another replica than the one that tells of it', async () => {
      bot.habit = 'after it answered';
      await add();
      bot.base = bot.base.replace(manager.url, other.url);
      await until(async () => (await bot.pull(openKfId)).msg_list !== undefined);
      sayAll(numbered(10));
      await until(() => bot.given.length >= 10);
      expect(bot.texts).toEqual(numbered(10));
    });

    it('waits at every replica while one of them has paused the bot', async () => {
      const { id } = await add();
      const at = async (url: string, paused: boolean) => {
        const body = JSON.stringify({ paused });
        const headers = { 'content-type': 'application/json' };
        expect((await fetch(`${url}/api/v1/bots/${id}`, { method: 'PATCH', headers, body })).status).toBe(
          200,
        );
      };
      await until(async () => (await fetch(`${other.url}/api/v1/bots/${id}`)).status === 200);
      await at(other.url, true);
      const isPaused = async () =>
        ((await (await request('GET', `/api/v1/bots/${id}`)).json()) as BotAnswer).paused;
      await until(isPaused);
      sayAll(['1', '2']);
      await until(async () => (await list('messages')).length === 2);
      expect(bot.given).toEqual([]);
      await at(other.url, false);
      await until(() => bot.given.length >= 2);
      expect(bot.texts).toEqual(['1', '2']);
    });

    it('goes to a program that is connected to another replica and answers after its work', async () => {
      const hanging = await PullingBot.start();
      const [ownKfId, hangingBot] = [openKfId, { callback: { url: hanging.server.url, timeoutMs: 500 } }];
      hanging.isHanging = true;
      openKfId = wecom.accounts[accountsUsed++]?.openKfId ?? '';
      await add(hangingBot);
      hanging.server.keys = bot.server.keys;
      openKfId = ownKfId;
      const { key, id } = await add({ callback: { url: 'http://127.0.0.1:1/callback', timeoutMs: 500 } });
      await until(async () => (await fetch(`${other.url}/api/v1/bots/${id}`)).status === 200);
      const connect = startConnect(key, ['--manager', other.url, '--forward', `${bot.server.url}/wxkf/`]);
      try {
        await connect.line(/ connected to /);
        await until(async () =>
          (await (await request('GET', '/api/v1/connections')).text()).includes(openKfId),
        );
        const work = Promise.withResolvers<void>();
        bot.work = () => work.promise;
        sayAll(['1', '2']);
        await until(() => bot.given.length === 1);
        // Its time-out shows that as much time is over.
        wecom.say('to the other', { openKfId: wecom.accounts[accountsUsed - 1]?.openKfId ?? '' });
        await until(() => hanging.server.received.length === 2);
        work.resolve();
        await until(async () => (await list('messages')).length === 0);
        expect(bot.texts).toEqual(['1', '2']);
      } finally {
        await connect.stop('SIGKILL');
        await hanging.close();
      }
    });
  }

  if (!isShared || process.env.TEST_EVERY_STORE) byPortsAlone();

  /** On MongoDB in the nightly run only, as other suites that use the store through its ports alone. */
  function byPortsAlone(): void {
    it('are shown nowhere: not in the log, the metrics, the API or the files of the store', async () => {
      const { id } = await add();
      const text = `a secret of ${openKfId}`;
      bot.status = 500;
      say(text);
      await until(() => bot.given.length >= 1);
      const paths = ['/metrics', '/api/v1/messages', '/api/v1/deliveries', `/api/v1/bots/${id}`];
      const answers = await Promise.all(
        paths.map(async (path) => {
          const answer = await request('GET', path);
          expect([path, answer.status]).toEqual([path, 200]);
          return answer.text();
        }),
      );
      bot.status = 200;
      await until(() => bot.given.length >= 2);
      for (const shown of [...answers, manager.output()]) expect(shown).not.toContain(text);
      expect(await findStored(place, [text, wecom.firstCustomerId])).toEqual([]);
    });

    describe('of a bot that was moved to another store by export and import', () => {
      let before: Place;
      let folder: string;

      beforeEach(() => {
        before = place;
        folder = mkdtempSync(join(tmpdir(), 'wxkf-moved-'));
      });

      afterEach(async () => {
        await before.discard();
        rmSync(folder, { recursive: true });
      });

      /** With all bots; the tests that follow go on there. */
      async function move(): Promise<void> {
        const file = join(folder, 'registry.jsonl');
        await manager.stop();
        await runCli({ ...place.env, SECRETS_KEY }, 'export', '--output', file);
        place = newPlace();
        const { code } = await runCli({ ...place.env, SECRETS_KEY }, 'import', '--input', file);
        expect(code).toBe(0);
        manager = await start();
        await saveCallback(wecom, manager);
        bot.base = bot.base.replace(/^http:\/\/[^/]+/, manager.url);
      }

      it('come again from its `since` on, under the same ids, so that nothing is missing', async () => {
        const { id } = await add();
        sayAll(['long taken']);
        await until(() => bot.given.length >= 1);
        await clockTurns();
        const since = new Date().toISOString();
        expect((await request('PATCH', `/api/v1/bots/${id}`, { since })).status).toBe(200);
        say('just taken');
        await until(() => bot.given.length >= 2);
        await move();
        say('after the move');
        await until(() => bot.texts.includes('after the move'));
        expect(bot.texts).toEqual(['long taken', 'just taken', 'just taken', 'after the move']);
        expect(new Set(bot.given.map(({ webhookId }) => webhookId)).size).toBe(3);
      });
    });

    describe('a callback bot', () => {
      it('goes on where it was after both died: what was taken does not come again', async () => {
        await add();
        sayAll(numbered(6));
        // What became of one is stored before the next goes out; of the last one it may not be when the manager dies.
        await until(() => bot.given.length >= 6);
        await restart();
        say('7');
        await until(() => bot.texts.includes('7'));
        expect(bot.texts.filter((text) => text !== '6')).toEqual([...numbered(5), '7']);
        expect(new Set(bot.given.map(({ webhookId }) => webhookId)).size).toBe(7);
      });

      it('gets what it did not take while it was away, in order', async () => {
        bot.isHanging = true;
        await add({ callback: { url: `${bot.server.url}/wxkf/`, timeoutMs: 500 } });
        sayAll(numbered(5));
        await until(() => bot.server.received.length >= 1);
        bot.isHanging = false;
        await until(() => bot.given.length >= 5);
        expect(bot.texts).toEqual(numbered(5));
      });

      it('of all other accounts, which names none when it pulls, gets each message by its token', async () => {
        bot.habit = 'by its token alone';
        const { id } = await add({ openKfIds: ['*'] });
        sayAll(numbered(3));
        await until(() => bot.given.length >= 3);
        expect(bot.texts).toEqual(numbered(3));
        await request('DELETE', `/api/v1/bots/${id}`);
      });

      it('gets WeCom’s entries as they are, one in a page; its pulls never reach WeCom, and are empty when nothing is new', async () => {
        await add();
        await until(async () => (await bot.pull(openKfId)).msg_list.length === 0);
        const own = wecom.calls.records.filter(
          ({ api, request: sent }) => api === 'kf/sync_msg' && String(sent).includes(openKfId),
        );
        expect(own).toEqual([]);
        const msgid = say('hello');
        await until(() => bot.given.length === 1);
        expect(bot.given[0]?.entry).toMatchObject({
          ...{ msgid, open_kfid: openKfId, origin: 3, msgtype: 'text', text: { content: 'hello' } },
          external_userid: wecom.firstCustomerId,
        });
        expect(bot.pages).toEqual([{ hasMore: 0, length: 1 }]);
        // What is taken is over a moment after the bot has answered.
        await until(async () => (await bot.pull(openKfId)).msg_list.length === 0);
      });

      it('gets nothing that was sent before it was made, but from `since` on', async () => {
        sayAll(['too early']);
        await clockTurns();
        await add();
        say('in time');
        await until(() => bot.given.length >= 1);
        expect(bot.texts).toEqual(['in time']);
      });

      it('has more than may wait pulled when there is room again', async () => {
        bot.isHanging = true;
        await add({ callback: { url: `${bot.server.url}/wxkf/`, timeoutMs: 500 } });
        sayAll(numbered(AHEAD_MAX + 5));
        await until(() => bot.server.received.length >= 1);
        sayAll(numbered(5, AHEAD_MAX + 6));
        bot.isHanging = false;
        await until(() => bot.given.length >= AHEAD_MAX + 10);
        expect(bot.texts).toEqual(numbered(AHEAD_MAX + 10));
      });
    });

    describe('a message that its bot refuses', () => {
      it('is given up after its tries, and the next ones follow', async () => {
        bot.status = 500;
        await add();
        say('poison');
        await manager.line(({ msg }) => msg === 'message.buried');
        bot.status = 200;
        say('fine');
        await until(() => bot.texts.includes('fine'));
        expect(bot.texts).toEqual(['poison', 'poison', 'fine']);
      });

      it('holds up its own customer alone, with order customer', async () => {
        await add({ order: 'customer' });
        bot.status = 500;
        say('of the first');
        await until(() => bot.given.length >= 1);
        bot.status = 200;
        say('of the second', { externalUserId: secondCustomer() });
        await until(() => bot.texts.includes('of the second'));
        expect(bot.texts.slice(0, 2)).toEqual(['of the first', 'of the second']);
        await until(() => bot.texts.length >= 3);
        expect(bot.texts.at(-1)).toBe('of the first');
      });
    });

    describe('a change of bot', () => {
      it('to one that is not there, and back, loses nothing of what waits', async () => {
        const callback = { url: `${bot.server.url}/wxkf/`, timeoutMs: 500 };
        const { id } = await add({ callback });
        say('1');
        await until(() => bot.given.length === 1);
        bot.isHanging = true;
        say('2');
        await until(() => bot.server.received.length >= 2);
        // Its pull is under way when the account changes hands.
        say('3');
        const nobody = { url: 'http://127.0.0.1:1/wxkf/' };
        await request('PATCH', `/api/v1/bots/${id}`, { takes: 'event', callback: nobody });
        await until(async () => (await list('messages')).length === 0);
        bot.isHanging = false;
        await request('PATCH', `/api/v1/bots/${id}`, { takes: 'message', callback });
        await until(() => bot.given.length >= 3);
        say('4');
        await until(() => bot.given.length >= 4);
        expect(bot.texts).toEqual(['1', '2', '3', '4']);
      });
    });

    describe('a puppet that takes messages', () => {
      it('gets each one as JSON, signed', async () => {
        const { key, signingSecret } = await add({ kind: 'puppet', callback: undefined });
        // It waits for a puppet.
        say('1');
        const registered = await fetch(`${manager.url}/puppetWxkfManager/register`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
          body: JSON.stringify({
            ...{ kfId: openKfId, kfName: 'a', endpoint: puppet.url, takes: 'message' },
            ...{ corpId: wecom.corpId, corpSecret: wecom.corpSecret },
          }),
        });
        expect(registered.status).toBe(200);
        sayAll(['2']);
        await until(() => puppet.received.length >= 2);
        expectSigned(signingSecret);
        expect(puppet.received.map(({ path }) => path)).toEqual(['/callback/message', '/callback/message']);
      });
    });

    describe('a callback bot that takes messages in JSON', () => {
      const inJson = () => ({ callback: { url: `${puppet.url}/own/?tenant=7`, form: 'json' } });

      it('gets each one signed at its URL, without registering, and has taken it by its answer', async () => {
        const { callback, signingSecret, token, encodingAESKey } = await add(inJson());
        expect([callback?.form, token, encodingAESKey]).toEqual(['json', null, null]);
        sayAll(['1', '2']);
        await until(() => puppet.received.length >= 2);
        expectSigned(signingSecret);
        for (const { path, query } of puppet.received)
          expect([path, query]).toEqual(['/own/', { tenant: '7' }]);
        await until(async () => (await list('messages')).length === 0);
      });

      it('has no URL to verify, and its key opens no stream', async () => {
        const { id, key } = await add(inJson());
        const verified = await request('POST', `/api/v1/bots/${id}/verify`);
        expect([verified.status, await verified.text()]).toEqual([400, expect.stringMatching(/form json/)]);
        const client = new StreamBot(manager.url, key);
        await until(() => client.refused !== null);
        expect(client.refused?.status).toBe(403);
      });
    });

    /** What came says `1`, `2` and so on, each signed. */
    function expectSigned(signingSecret: string): void {
      for (const [n, { headers, body }] of puppet.received.entries()) {
        expect(JSON.parse(body)).toMatchObject({ open_kfid: openKfId, text: { content: `${n + 1}` } });
        const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
        const secret = Buffer.from(signingSecret.slice('whsec_'.length), 'base64');
        const signature = createHmac('sha256', secret).update(signed).digest('base64');
        expect(headers['webhook-signature']).toBe(`v1,${signature}`);
      }
    }

    describe('messages for a bot without an address', () => {
      let opened: StreamBot[];

      beforeEach(() => {
        opened = [];
      });

      afterEach(() => Promise.all(opened.map((client) => client.close())));

      async function open(key: string, options: StreamBotOptions = {}): Promise<StreamBot> {
        const client = new StreamBot(manager.url, key, options);
        opened.push(client);
        return client.ready();
      }

      const textsOf = (frames: readonly StreamFrame[]) =>
        frames.map(
          ({ message }) => (message as { readonly text: { readonly content: string } }).text.content,
        );

      it('are frames with the message, one after the other, each once', async () => {
        const { key } = await add({ kind: 'stream', callback: undefined });
        const client = await open(key);
        for (const text of ['1', '2', '3']) say(text);
        await until(() => client.events.length === 3);
        expect(textsOf(client.events)).toEqual(['1', '2', '3']);
        expect(client.events[0]).toEqual({
          ...{ type: 'event', id: expect.any(String), attempt: 1, openKfId, corpId: wecom.corpId },
          ...{ ageMs: expect.any(Number), message: expect.objectContaining({ origin: 3, msgtype: 'text' }) },
        });
      });

      it.each(['the account', '*'])('wait while no client of a bot of %s is connected', async (which) => {
        // Others have their accounts by then.
        const { key, id } = await add({
          kind: 'stream',
          callback: undefined,
          openKfIds: [which === '*' ? '*' : openKfId],
        });
        for (const text of ['1', '2']) say(text);
        const isPulled = async () =>
          (
            await fetch(`${manager.url}/api/v1/messages?limit=200`).then((response) => response.text())
          ).includes(openKfId);
        await until(isPulled);
        const client = await open(key);
        await until(() => client.events.length === 2);
        expect(textsOf(client.events)).toEqual(['1', '2']);
        await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
      });

      it('are dead after some refusals, and do not hold up the next', async () => {
        const { key } = await add({ kind: 'stream', callback: undefined });
        const client = await open(key, {
          onEvent: (frame, self) => {
            const isPoison = textsOf([frame])[0] === 'poison';
            self.send({ type: isPoison ? 'nack' : 'ack', id: frame.id });
          },
        });
        for (const text of ['poison', 'next']) say(text);
        await until(() => textsOf(client.events).includes('next'));
        expect(textsOf(client.events)).toEqual(['poison', 'poison', 'next']);
      });

      it('come by an event that a callback bot is forwarded, which pulls them at the manager’s base', async () => {
        const url = 'http://127.0.0.1:1/callback';
        const { key } = await add({ callback: { url } });
        const pulled: string[] = [];
        const client = await open(key, {
          hello: { form: 'wecom' },
          onEvent: (frame, self) => {
            void pull(key, String(frame.token)).then((texts) => {
              pulled.push(...texts);
              self.send({ type: 'ack', id: frame.id });
            });
          },
        });
        for (const text of ['1', '2', '3']) say(text);
        await until(() => pulled.length === 3);
        expect(pulled).toEqual(['1', '2', '3']);
        expect(
          client.events.every(({ message, callback }) => message === undefined && callback !== undefined),
        ).toBe(true);
      });

      /** As a program does that was given the manager as its base. */
      async function pull(key: string, token: string): Promise<string[]> {
        const { corpId, corpSecret } = wecom;
        const base = `${manager.url}/bot/${key}/cgi-bin`;
        const got = (await fetch(`${base}/gettoken?corpid=${corpId}&corpsecret=${corpSecret}`).then((r) =>
          r.json(),
        )) as { readonly access_token: string };
        const response = await fetch(`${base}/kf/sync_msg?access_token=${got.access_token}`, {
          method: 'POST',
          body: JSON.stringify({ token, open_kfid: openKfId, cursor: '' }),
        });
        const { msg_list: list } = (await response.json()) as {
          readonly msg_list: readonly { readonly text: { readonly content: string } }[];
        };
        return list.map(({ text }) => text.content);
      }
    });
  }

  /** WeCom's times have whole seconds. */
  async function clockTurns(): Promise<void> {
    const second = Math.floor(Date.now() / 1_000);
    await until(() => Math.floor(Date.now() / 1_000) > second + 1);
  }
}

describe('on the embedded store', () => messagesIn(embeddedPlace, false));
mongoSuite('on MongoDB', () => messagesIn(mongoPlace, true));
