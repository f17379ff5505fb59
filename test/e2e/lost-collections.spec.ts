/** A MongoDB that lost some of its collections, by the table of `docs/operate.md`. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { STAND_IN_KEY, StandInService } from '../../packages/simulator/services/stand-in-service.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { connectApp, saveCallback } from '../support/connected-app.js';
import { mongoPlace } from '../support/each-store.js';
import { startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import {
  type Behaviour,
  postJson,
  type PuppetServer,
  register,
  startPuppetServer,
  TAKE,
} from '../support/puppet-server.js';
import { PullingBot } from '../support/pulling-bot.js';
import { Scene } from '../support/scene.js';
import { StreamBot } from '../support/stream-bot.js';
import { until, whenServed } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

/** Of the rows that say that nothing is lost of what waits. */
const HARMLESS = [
  ...['wxkfendedsessions', 'wxkfaudit', 'wxkfdeliveries', 'wxkffigures', 'wxkfseen', 'wxkftokens'],
  ...['wxkfcounts', 'wxkfnotifications', 'wxkfreplicas', 'wxkfconnections', 'wxkfmeta'],
];

mongoSuite('a MongoDB', () => {
  const [app, openKfId] = [newApp(), newOpenKfId()];
  let place: Place;
  let client: mongoose.mongo.MongoClient;
  let scene: Scene;
  let wecom: Simulator;
  /** Takes messages. */
  let bot: PuppetServer;
  let puppet: PuppetServer;
  /** Of the bot. */
  let key: string;

  beforeAll(async () => {
    place = mongoPlace();
    [scene, bot, puppet, client] = await Promise.all([
      Scene.open({ place, accounts: ['of the bot', 'of an agent', 'of people'] }),
      startPuppetServer(),
      startPuppetServer(),
      mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? ''),
    ]);
    ({ wecom } = scene);
    ({ key } = await addBot());
    await register(scene.url, app, openKfId, puppet.url);
  });

  afterAll(async () => {
    await client.close();
    await scene.close();
    await Promise.all([bot.close(), puppet.close()]);
  });

  const api = (path: string) => `${scene.url}/api/v1/${path}`;

  const addBot = (openKfId = '*') =>
    scene.addBot({
      ...{ openKfIds: [openKfId], kind: 'callback', takes: 'message' },
      callback: { url: bot.url, form: 'json' },
    });

  /** While no manager runs. */
  async function restartWithout(...collections: readonly string[]): Promise<void> {
    await scene.manager.stop();
    for (const name of collections) await client.db().collection(name).deleteMany({});
    scene.manager = await scene.startManager();
  }

  async function lose(...collections: readonly string[]): Promise<void> {
    await restartWithout(...collections);
    await saveCallback(wecom, scene.manager);
  }

  const send = () => whenServed(() => sendMessage(scene.url, app, openKfId));
  const texts = () =>
    bot.received.map(({ body }) => (JSON.parse(body) as { text?: { content: string } }).text?.content);

  async function givenTo(say: string): Promise<void> {
    wecom.say(say);
    await until(() => texts().includes(say));
  }

  it('has no collection of a manager that the page does not name', async () => {
    await givenTo('first');
    const page = readFileSync('docs/operate.md', 'utf8');
    const names = (await client.db().listCollections().toArray()).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('that lost what the page calls no loss knows its puppets, and sends what waits', async () => {
    puppet.behave((_request, response) => response.writeHead(500).end());
    expect((await send()).status).toBe(200);
    await lose(...HARMLESS);
    const arrived = puppet.next();
    puppet.behave(TAKE);
    await arrived;
    await givenTo('second');
  });

  it('that lost wxkfpulls has messages pulled again, and those that are known are not sent again', async () => {
    await lose('wxkfpulls');
    await givenTo('third');
    expect(texts()).toEqual(['first', 'second', 'third']);
  });

  it('that lost wxkfpulls and wxkfmessages sends those of the last 3 days again, under the same ids', async () => {
    await lose('wxkfpulls', 'wxkfmessages');
    await givenTo('fourth');
    expect(texts().slice(3)).toEqual(['first', 'second', 'third', 'fourth']);
    const ids = bot.received.map(({ headers }) => headers['webhook-id']);
    expect(ids.slice(3, 6)).toEqual(ids.slice(0, 3));
  });

  const REFUSE: Behaviour = (_request, response) => response.writeHead(500).end();

  /** Has a message wait for the bot, which refuses it. */
  async function keepWaiting(say: string): Promise<void> {
    bot.behave(REFUSE);
    await givenTo(say);
  }

  it('that lost wxkflines has lost the event that waited, and messages go out with the next one of their account', async () => {
    puppet.behave(REFUSE);
    expect((await send()).status).toBe(200);
    const lost = puppet.received.at(-1)?.headers['webhook-id'];
    await keepWaiting('waiting');
    await lose('wxkflines');
    bot.behave(TAKE);
    puppet.behave(TAKE);
    const [before, textsBefore] = [puppet.received.length, texts().length];
    expect((await send()).status).toBe(200);
    await until(() => puppet.received.length > before);
    await givenTo('next');
    expect(texts().slice(textsBefore)).toEqual(['waiting', 'next']);
    const ids = puppet.received.slice(before).map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(1);
    expect(ids).not.toContain(lost);
  });

  it('that lost wxkfmessages alone has lost the messages that waited, and sends those that come', async () => {
    await keepWaiting('lost');
    await lose('wxkfmessages');
    bot.behave(TAKE);
    const before = texts().length;
    await givenTo('later');
    expect(texts().slice(before)).toEqual(['later']);
  });

  it('that lost wxkfapps opens no callback of a corp without a puppet until its app is added again', async () => {
    await restartWithout('wxkfapps');
    await expect(saveCallback(wecom, scene.manager)).rejects.toThrow();
    await connectApp(wecom, scene.manager);
    await givenTo('with its app');
  });

  it('that lost wxkfbots keeps the events of their accounts until the bots are added again, with new keys', async () => {
    const openKfId = String(wecom.accounts[0]?.openKfId);
    await lose('wxkfbots');
    wecom.say('to nobody');
    await until(async () => (await (await fetch(api('hints'))).text()).includes(openKfId));
    expect(texts()).not.toContain('to nobody');
    const added = await addBot(openKfId);
    expect(added.key).not.toBe(key);
    await until(() => texts().includes('to nobody'));
    await until(async () => !(await (await fetch(api('hints'))).text()).includes(openKfId));
  });

  it('that lost wxkfoperators and wxkfendedsessions needs operators added again, and takes sessions that were ended', async () => {
    const AUTH_OPERATOR_TOKEN = 'marked-secret_of-operators';
    const own = mongoPlace();
    let protectedOne = await startManager({ ...own.env, AUTH_OPERATOR_TOKEN });
    const call = (path: string, method: string, headers: Record<string, string>, body?: object) =>
      fetch(protectedOne.url + path, {
        method,
        headers: { 'content-type': 'application/json', 'x-wxkf-console': '1', ...headers },
        body: body === undefined ? null : JSON.stringify(body),
      });
    const asAdmin = { authorization: `Bearer ${AUTH_OPERATOR_TOKEN}` };
    const addAlice = async () => {
      const answer = await call('/api/v1/operators', 'POST', asAdmin, { name: 'alice', role: 'admin' });
      return ((await answer.json()) as { token: string }).token;
    };
    const statusWith = async (headers: Record<string, string>) =>
      (await whenServed(() => call('/api/v1/status', 'GET', headers))).status;
    const asAlice = { authorization: `Bearer ${await addAlice()}` };
    const signedIn = await call('/console/session', 'POST', {}, { token: AUTH_OPERATOR_TOKEN });
    const session = { cookie: String(signedIn.headers.getSetCookie()[0]).split(';')[0] ?? '' };
    expect([await statusWith(asAlice), await statusWith(session)]).toEqual([200, 200]);
    await call('/console/session', 'DELETE', session);
    expect(await statusWith(session)).toBe(401);
    await protectedOne.stop();
    const database = client.db(new URL(String(own.env.MONGO_URI)).pathname.slice(1));
    for (const name of ['wxkfoperators', 'wxkfendedsessions']) await database.collection(name).deleteMany({});
    protectedOne = await startManager({ ...own.env, AUTH_OPERATOR_TOKEN });
    expect([await statusWith(asAlice), await statusWith(session)]).toEqual([401, 200]);
    const asNewAlice = { authorization: `Bearer ${await addAlice()}` };
    expect([await statusWith(asNewAlice), await statusWith(asAlice)]).toEqual([200, 401]);
    await protectedOne.stop();
    await own.discard();
  });

  it('that lost wxkfconnections alone tells other replicas of a bot once it connects again', async () => {
    const { key } = await scene.addBot({ openKfIds: [newOpenKfId()], kind: 'stream' });
    const connect = (clientId: string) => new StreamBot(scene.url, key, { clientId }).ready();
    const lost = await connect('client-lost');
    const collection = client.db().collection('wxkfconnections');
    await until(async () => (await collection.countDocuments()) === 1);
    await collection.deleteMany({});
    const other = await startManager(scene.place.env);
    const known = async () => (await fetch(`${other.url}/api/v1/connections`)).text();
    const later = await connect('client-later');
    await until(async () => (await known()).includes('client-later'));
    expect(await known()).not.toContain('client-lost');
    await lost.close();
    const again = await connect('client-lost');
    await until(async () => (await known()).includes('client-lost'));
    await Promise.all([later.close(), again.close()]);
    await other.stop();
  });

  it('that lost wxkfreplies and wxkfconversations has the service asked again, in a new conversation', async () => {
    const openKfId = String(wecom.accounts[1]?.openKfId);
    const service = await StandInService.start({ answer: ({ text }) => `Re: ${text}` });
    const shown = () => JSON.stringify(wecom.corp.chat.messages);
    await scene.addBot({
      ...{ openKfIds: [openKfId], kind: 'agent' },
      agent: { form: 'dify', url: service.urlOf('dify'), key: STAND_IN_KEY },
    });
    wecom.say('first', { openKfId });
    await until(() => shown().includes('Re: first'));
    scene.sends.apis.set('kf/send_msg', -1);
    wecom.say('second', { openKfId });
    await until(() => scene.sends.refused.some(({ asked }) => asked.includes('Re: second')));
    await lose('wxkfreplies', 'wxkfconversations');
    scene.sends.apis.clear();
    await until(() => shown().includes('Re: second'));
    expect(service.asked.map(({ text }) => text)).toEqual(['first', 'second', 'second']);
    const [first, second, again] = service.asked.map(({ conversationId }) => conversationId);
    expect([first, again]).toEqual(['', '']);
    expect(second).not.toBe('');
    await service.close();
  });

  it('that lost wxkfsessions asks WeCom who has a customer, and the bot gets nothing meanwhile', async () => {
    const openKfId = String(wecom.accounts[2]?.openKfId);
    const own = await PullingBot.start();
    const people = { keywords: ['person'], to: 'pool', waiting: 'wait', nobody: 'nobody is here' };
    await own.addTo(scene.url, wecom, openKfId, { session: { people } });
    wecom.say('hi', { openKfId });
    await until(() => own.texts.includes('hi'));
    wecom.say('person', { openKfId });
    await until(() => JSON.stringify(wecom.corp.chat.messages).includes('"wait"'));
    const asked = () =>
      wecom.calls.records.filter(
        ({ api: called, request }) => called === 'kf/service_state/get' && request.includes(openKfId),
      ).length;
    const before = asked();
    await lose('wxkfsessions');
    wecom.say('anybody?', { openKfId });
    await until(() => asked() > before);
    const log = () => fetch(api(`deliveries?openKfId=${openKfId}&outcome=people`));
    await until(async () => (await (await log()).text()).includes('"outcome":"people"'));
    expect(own.texts.filter((text) => text !== 'event')).toEqual(['hi']);
    await own.close();
  });

  it('that lost wxkfpuppets and wxkfbots knows nobody: events wait for whoever registers', async () => {
    await lose('wxkfpuppets', 'wxkfbots');
    const info = await fetch(`${scene.url}/puppetWxkfManager/puppetWxkfInfo/${openKfId}`);
    expect(info.status).toBe(404);
    await postJson(`${scene.url}/api/v1/apps`, app);
    expect((await send()).status).toBe(200);
    const arrived = puppet.next();
    await register(scene.url, app, openKfId, puppet.url);
    await arrived;
  });
});
