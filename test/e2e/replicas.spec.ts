/** Two managers on one MongoDB. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import type { AppPageAnswer } from '../../src/api/answers/app.dto.js';
import { KfAccountAnswer, KfAccountPageAnswer } from '../../src/api/answers/kf-account.dto.js';
import { StatusAnswer } from '../../src/api/answers/status.dto.js';
import { FailedCallPageAnswer } from '../../src/api/answers/wecom-error.dto.js';
import { answerAs } from '../support/answers.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, postJson, register, startPuppetServer } from '../support/puppet-server.js';
import { sendReply } from '../support/replying-bot.js';
import { mongoPlace } from '../support/each-store.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { answer, drop } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

mongoSuite('two managers on one database', () => {
  let place: Place;
  let wecom: WecomServer;
  let one: ManagerProcess;
  let two: ManagerProcess;
  let puppet: PuppetServer;
  let app: WecomApp;
  let openKfId: string;
  let client: mongoose.mongo.MongoClient;
  let records: mongoose.mongo.Collection;

  beforeAll(async () => {
    place = mongoPlace();
    wecom = await startWecomServer();
    const env = { ...place.env, WECOM_API_URL: wecom.url };
    [one, two] = await Promise.all([startManager(env), startManager(env)]);
    client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
    records = client.db().collection('wxkfpuppets');
  });

  afterAll(async () => {
    await Promise.all([one.stop(), two.stop(), client.close()]);
    await Promise.all([wecom.close(), place.discard()]);
  });

  beforeEach(async () => {
    puppet = await startPuppetServer();
    wecom.behave('kf/send_msg', drop());
    app = newApp();
    openKfId = newOpenKfId();
  });

  afterEach(() => puppet.close());

  const send = (manager: ManagerProcess, sender = app) => sendMessage(manager.url, sender, openKfId);

  const causesAt = async (manager: ManagerProcess) => {
    const status = await (await fetch(`${manager.url}/api/v1/status`)).json();
    return answerAs(StatusAnswer, status).verdict.causes;
  };

  /** Until the first has noted its answer, the second holds back for 5 s what comes for the puppet. */
  async function registerFully(account: string, endpoint: string): Promise<void> {
    await register(one.url, app, account, endpoint);
    const noted = { kfOpenId: account, botEndpoint: endpoint, answered: true };
    await until(async () => (await records.findOne(noted)) !== null);
  }

  it('know within seconds that a session ended at the other, and that an operator was removed there', async () => {
    const secret = 'marked-secret_of-operators';
    const env = { ...place.env, AUTH_OPERATOR_TOKEN: secret, TRUST_PROXY: '127.0.0.1' };
    const [here, there] = await Promise.all([startManager(env), startManager(env)]);
    const json = { 'content-type': 'application/json', 'x-wxkf-console': '1' };
    const signIn = async (token: string) => {
      const body = JSON.stringify({ token });
      const answer = await fetch(`${here.url}/console/session`, { method: 'POST', headers: json, body });
      return { ...json, cookie: String(answer.headers.getSetCookie()[0]).split(';')[0] ?? '' };
    };
    let callers = 0;
    /** Each time of another caller: one that fails again and again has to wait a minute. */
    const statusOf = async (headers: Record<string, string>) => {
      const from = { 'x-forwarded-for': `10.2.${++callers >> 8}.${callers & 255}` };
      return (await fetch(`${there.url}/api/v1/status`, { headers: { ...headers, ...from } })).status;
    };
    const shared = await signIn(secret);
    expect(await statusOf(shared)).toBe(200);
    await fetch(`${here.url}/console/session`, { method: 'DELETE', headers: shared });
    await until(async () => (await statusOf(shared)) === 401);

    const asAdmin = { ...json, authorization: `Bearer ${secret}` };
    const body = JSON.stringify({ name: 'alice', role: 'admin' });
    const added = await fetch(`${here.url}/api/v1/operators`, { method: 'POST', headers: asAdmin, body });
    const { token } = (await added.json()) as { token: string };
    const own = await signIn(token);
    await until(async () => (await statusOf(own)) === 200);
    await fetch(`${here.url}/api/v1/operators/alice`, { method: 'DELETE', headers: asAdmin });
    await until(async () => (await statusOf(own)) === 401);
    expect(await statusOf({ authorization: `Bearer ${token}` })).toBe(401);
    expect(await statusOf({ authorization: `Bearer ${secret}` })).toBe(200);
    await Promise.all([here.stop(), there.stop()]);
  });

  it('serve at once what registered with the other, corp and account unknown before', async () => {
    await register(one.url, app, openKfId, puppet.url);
    expect((await send(two)).status).toBe(200);
  });

  it('serve at once an account that registered with the other for a corp known before', async () => {
    await register(two.url, app, newOpenKfId(), puppet.url);
    await register(one.url, app, openKfId, puppet.url);
    expect((await send(two)).status).toBe(200);
  });

  it('find a puppet that moved through the other within the same callback', async () => {
    const seen: unknown[] = [];
    // The second looks every 2 s what the first wrote, and may have done so just before.
    while (!seen.includes(2)) {
      const account = newOpenKfId();
      const gone = await startPuppetServer();
      await registerFully(account, gone.url);
      expect((await sendMessage(two.url, app, account)).status).toBe(200);
      await gone.close();
      await registerFully(account, puppet.url);
      const response = await sendMessage(two.url, app, account);
      const requestId = response.headers.get('x-request-id');
      const line = await two.line((candidate) => candidate.requestId === requestId);
      expect([response.status, line.outcome]).toEqual([200, 'delivered']);
      seen.push(line.attempts);
      expect(puppet.received).toHaveLength(seen.length);
    }
  });

  it('accept at once a key that a puppet renewed through the other', async () => {
    await register(one.url, app, openKfId, puppet.url);
    expect((await send(two)).status).toBe(200);
    const renewed = { ...newApp(), corpId: app.corpId };
    await register(one.url, renewed, openKfId, puppet.url);
    expect((await send(two, renewed)).status).toBe(200);
  });

  it('tell of deliveries and failed calls that the other made, and tell nobody without its key', async () => {
    await registerFully(openKfId, puppet.url);
    for (const manager of [one, one, two]) expect((await send(manager)).status).toBe(200);
    const repliesOf = (manager: ManagerProcess) =>
      sendReply(manager.url, 'secret-of-the-corp', { corpId: app.corpId, openKfId });
    await Promise.all([repliesOf(one), repliesOf(two)]);
    const ask = async (manager: ManagerProcess, path: string) =>
      (await fetch(`${manager.url}/api/v1/${path}`)).json();
    for (const manager of [one, two]) {
      const account = answerAs(KfAccountAnswer, await ask(manager, `kf-accounts/${openKfId}`));
      expect(account.lastHour).toMatchObject({ taken: 3, missingReplicas: 0 });
      const { items } = answerAs(
        KfAccountPageAnswer,
        await ask(manager, `kf-accounts?sort=p95&corpId=${app.corpId}`),
      );
      expect(items).toMatchObject([
        { openKfId, endpointLastHour: { taken: 3 }, lastDelivery: { status: 200 } },
      ]);
      const calls = answerAs(
        FailedCallPageAnswer,
        await ask(manager, `wecom-errors/calls?corpId=${app.corpId}`),
      );
      expect(calls).toMatchObject({
        items: [{ api: 'kf/send_msg', openKfId, why: 'unreachable', count: 2 }],
        missingReplicas: 0,
      });
      for (const path of ['figures', 'wecom-errors']) {
        const url = `${manager.url}/puppetWxkfManager/replicas/${path}`;
        expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
      }
    }
  });

  it('say of an app that an event of its corp was delivered, through whichever of them it was', async () => {
    const added = newApp();
    expect((await postJson(`${one.url}/api/v1/apps`, added)).status).toBe(200);
    const account = newOpenKfId();
    await register(one.url, added, account, puppet.url);
    expect((await sendMessage(one.url, added, account)).status).toBe(200);
    for (const manager of [one, two]) {
      const ofApp = async () => {
        const { items } = (await (await fetch(`${manager.url}/api/v1/apps`)).json()) as AppPageAnswer;
        return items.find(({ corpId }) => corpId === added.corpId)?.lastDeliveryAt;
      };
      // The second one reads every 2 s which apps there are.
      await until(async () => (await ofApp()) !== undefined);
      expect(await ofApp()).toMatch(/Z$/);
    }
  });

  it('say of the same accounts that their replies fail, whichever of them the calls went through', async () => {
    const other = newOpenKfId();
    for (const [manager, account] of [
      [one, openKfId],
      [two, other],
    ] as const) {
      await registerFully(account, puppet.url);
      await sendReply(manager.url, 'secret-of-the-corp', { corpId: app.corpId, openKfId: account });
    }
    const failingAt = async (manager: ManagerProcess): Promise<number> =>
      (await causesAt(manager)).find(({ code }) => code === 'replies_fail')?.count ?? 0;
    await until(async () => (await failingAt(one)) >= 2 && (await failingAt(one)) === (await failingAt(two)));
  });

  it('both say that WeCom does not have an account, whichever of them a reply of it went through', async () => {
    await registerFully(openKfId, puppet.url);
    wecom.behave('kf/send_msg', answer(95004));
    await sendReply(one.url, 'secret-of-the-corp', { corpId: app.corpId, openKfId });
    for (const manager of [one, two]) {
      await until(async () =>
        (await causesAt(manager)).some((cause) => cause.code === 'no_account' && cause.openKfId === openKfId),
      );
      const account = await (await fetch(`${manager.url}/api/v1/kf-accounts/${openKfId}`)).json();
      expect(answerAs(KfAccountAnswer, account).noAccount).toMatchObject({ why: '95004' });
    }
  });

  it('find on the spot what a manager 1.0.3 writes beside them', async () => {
    await registerFully(openKfId, 'http://127.0.0.1:1');
    expect((await send(two)).status).toBe(200);
    expect(puppet.received).toEqual([]);
    const written = { botEndpoint: puppet.url, online: true };
    await records.updateOne({ kfOpenId: openKfId }, { $set: written });
    expect((await send(two)).status).toBe(200);
    expect(puppet.received).not.toEqual([]);
  });
});

/** Moves a process's clock, as on a host whose time nobody sets. */
function clockOff(minutes: number): Record<string, string> {
  const code = `
    const Real = Date;
    const shiftMs = ${minutes * 60_000};
    globalThis.Date = class Date extends Real {
      constructor(...given) { super(...(given.length === 0 ? [Real.now() + shiftMs] : given)); }
      static now() { return Real.now() + shiftMs; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

mongoSuite('two managers on one database, whose clocks are 10 minutes apart,', () => {
  let place: Place;
  let one: ManagerProcess;
  let two: ManagerProcess;
  let app: WecomApp;
  let openKfId: string;
  let puppet: PuppetServer;

  beforeAll(async () => {
    place = mongoPlace();
    [one, two] = await Promise.all([
      startManager({ ...place.env, ...clockOff(5) }),
      startManager({ ...place.env, ...clockOff(-5) }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([one.stop('SIGKILL'), two.stop('SIGKILL')]);
    await place.discard();
  });

  beforeEach(async () => {
    puppet = await startPuppetServer();
    app = newApp();
    openKfId = newOpenKfId();
  });

  afterEach(() => puppet.close());

  it('bring what came for an account before it registered with either', async () => {
    await register(one.url, app, newOpenKfId(), puppet.url);
    expect((await sendMessage(two.url, app, openKfId)).status).toBe(200);
    const arrived = puppet.next();
    await register(one.url, app, openKfId, puppet.url);
    await arrived;
  });

  it('deliver what one kept that died', async () => {
    await register(one.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    expect((await sendMessage(one.url, app, openKfId)).status).toBe(200);
    await one.stop('SIGKILL');
    puppet = await startPuppetServer(undefined, Number(new URL(url).port));
    await puppet.next();
  });

  it('take over what one was delivering when it died, once its lease has lapsed', async () => {
    // The other one died in the test before.
    await register(two.url, app, openKfId, puppet.url);
    puppet.behave((_request, response) => response.writeHead(500).end());
    expect((await sendMessage(two.url, app, openKfId)).status).toBe(200);
    puppet.behave(() => {});
    const claimed = await puppet.next();
    await two.stop('SIGKILL');
    puppet.behave((_request, response) => void response.end('success'));
    const again = puppet.next();
    one = await startManager({ ...place.env, ...clockOff(5) });
    const takenOver = await again;
    // Of the first nobody knows what came of it.
    expect(takenOver.headers['x-wxkf-attempt']).toBe(claimed.headers['x-wxkf-attempt']);
    const secondsBetween =
      Number(takenOver.headers['webhook-timestamp']) - Number(claimed.headers['webhook-timestamp']);
    // Their clocks, 10 minutes apart, write the timestamps; leases run on the database's.
    expect(secondsBetween - 600).toBeGreaterThanOrEqual(10);
  });
});
