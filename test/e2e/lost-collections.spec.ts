/** A MongoDB that lost some of its collections, by the table of `docs/operate.md`. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { connectApp, saveCallback } from '../support/connected-app.js';
import { mongoPlace } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { type Place, sealedPlace } from '../support/place.js';
import { postJson, type PuppetServer, register, startPuppetServer, TAKE } from '../support/puppet-server.js';
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
  let wecom: Simulator;
  /** Takes messages. */
  let bot: PuppetServer;
  let puppet: PuppetServer;
  let manager: ManagerProcess;

  beforeAll(async () => {
    place = sealedPlace(mongoPlace());
    [wecom, bot, puppet, client] = await Promise.all([
      startSimulator(),
      startPuppetServer(),
      startPuppetServer(),
      mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? ''),
    ]);
    manager = await start();
    await connectApp(wecom, manager);
    const { corpId, corpSecret } = wecom;
    const added = await whenServed(() =>
      postJson(`${manager.url}/api/v1/bots`, {
        ...{ name: 'Bot', corpId, corpSecret, openKfIds: ['*'], kind: 'callback', takes: 'message' },
        callback: { url: bot.url, form: 'json' },
      }),
    );
    expect(added.status).toBe(200);
    await register(manager.url, app, openKfId, puppet.url);
  });

  afterAll(async () => {
    await manager.stop();
    await Promise.all([wecom.close(), bot.close(), puppet.close(), client.close()]);
    await place.discard();
  });

  const start = () =>
    startManager({
      ...place.env,
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
    });

  /** While no manager runs. */
  async function lose(...collections: readonly string[]): Promise<void> {
    await manager.stop();
    for (const name of collections) await client.db().collection(name).deleteMany({});
    manager = await start();
    await saveCallback(wecom, manager);
  }

  const send = () => whenServed(() => sendMessage(manager.url, app, openKfId));
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

  it('that lost wxkfpuppets and wxkfbots knows nobody: events wait for whoever registers', async () => {
    await lose('wxkfpuppets', 'wxkfbots');
    const info = await fetch(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/${openKfId}`);
    expect(info.status).toBe(404);
    await postJson(`${manager.url}/api/v1/apps`, app);
    expect((await send()).status).toBe(200);
    const arrived = puppet.next();
    await register(manager.url, app, openKfId, puppet.url);
    await arrived;
  });
});
