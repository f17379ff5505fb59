/** Two managers on one MongoDB. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { AccountAnswer, AccountPageAnswer } from '../../src/api/accounts/account.dto.js';
import { FailedCallPageAnswer } from '../../src/api/log/wecom-errors.dto.js';
import { answerAs } from '../support/answers.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { sendReply } from '../support/replying-bot.js';
import { mongoPlace } from '../support/each-store.js';
import { until, whenServed } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { drop, hold, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

/** What WeCom accepts of each corp of these tests. */
const RIGHT = 'corp-secret-of-the-tests';
const RENEWED = 'corp-secret-after-its-renewal';

mongoSuite('two managers on one database', () => {
  let place: Place;
  let env: Record<string, string>;
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
    env = {
      ...place.env,
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: wecom.tokenUrl,
    };
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
    app = newCorp();
    openKfId = newOpenKfId();
  });

  afterEach(async () => {
    wecom.behave('gettoken', usual);
    await puppet.close();
  });

  function newCorp(): WecomApp {
    const corp = newApp();
    for (const secret of [RIGHT, RENEWED]) wecom.addSecret(corp.corpId, secret);
    return corp;
  }

  const send = ({ url }: ManagerProcess) => whenServed(() => sendMessage(url, app, openKfId));

  /** Until the first has noted its answer, the second holds back for 5 s what comes for the puppet. */
  async function registerFully(account: string, endpoint: string): Promise<void> {
    await register(one.url, app, account, endpoint);
    const noted = { kfOpenId: account, botEndpoint: endpoint, answered: true };
    await until(async () => (await records.findOne(noted)) !== null);
  }

  it('serve at once what registered with the other, corp and account unknown before', async () => {
    await register(one.url, app, openKfId, puppet.url);
    expect((await send(two)).status).toBe(200);
  });

  it('tell of deliveries and failed calls that one made which has stopped', async () => {
    await registerFully(openKfId, puppet.url);
    const before = await startManager(env);
    for (let n = 0; n < 3; n++) expect((await send(before)).status).toBe(200);
    await sendReply(before.url, RIGHT, { corpId: app.corpId, openKfId });
    await before.stop();
    const after = await startManager(env);
    // It reads what others have seen once it has started, and an event that was kept first is taken a little later.
    const ask = async (path: string, whole: RegExp): Promise<unknown> => {
      let answer = '';
      await until(async () => {
        answer = await (await fetch(`${after.url}/api/v1/${path}`)).text();
        return whole.test(answer);
      });
      return JSON.parse(answer);
    };
    const account = answerAs(AccountAnswer, await ask(`accounts/${openKfId}`, /"taken":3/));
    expect(account.lastHour).toMatchObject({ taken: 3 });
    const sorted = await ask(`accounts?servedBy=puppet&sort=p95&corpId=${app.corpId}`, /"taken":3/);
    expect(answerAs(AccountPageAnswer, sorted).items).toMatchObject([
      { openKfId, registration: { lastHour: { taken: 3 } }, lastDelivery: { status: 200 } },
    ]);
    const calls = await ask(`wecom-errors/calls?corpId=${app.corpId}`, /"count":1/);
    expect(answerAs(FailedCallPageAnswer, calls).items).toMatchObject([
      { api: 'kf/send_msg', openKfId, why: 'unreachable', count: 1 },
    ]);
    await after.stop();
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

  describe('where accounts register,', () => {
    const REGISTERED = { status: 200, code: 0, message: 'success' };
    const told = async (response: Response) => ({
      status: response.status,
      ...((await response.json()) as object),
    });
    const registerAt = ({ url }: ManagerProcess, corp: WecomApp, account: string, corpSecret = RIGHT) => {
      const body = { ...registrationOf(corp, account, `http://127.0.0.1:1/${corp.corpId}`), corpSecret };
      return postJson(`${url}/puppetWxkfManager/register`, body);
    };
    const info = async ({ url }: ManagerProcess, account: string) =>
      told(await whenServed(() => fetch(`${url}/puppetWxkfManager/puppetWxkfInfo/${account}`)));
    /** More at once may be more than a busy database answers in time. */
    const inTens = async <T>(accounts: readonly string[], work: (account: string) => Promise<T>) => {
      const results: T[] = [];
      for (let from = 0; from < accounts.length; from += 10)
        results.push(...(await Promise.all(accounts.slice(from, from + 10).map(work))));
      return results;
    };

    it('let exactly one of two corps have an account that both register at the same moment, 20 times', async () => {
      const [a, b] = [newCorp(), newCorp()];
      const accounts = Array.from({ length: 20 }, () => newOpenKfId());
      const owners = await inTens(accounts, async (account) => {
        const both = await Promise.all([
          whenServed(() => registerAt(one, a, account)),
          whenServed(() => registerAt(two, b, account)),
        ]);
        expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
        return both[0].status === 200 ? a.corpId : b.corpId;
      });
      for (const manager of [one, two]) {
        const found = await inTens(accounts, (account) => info(manager, account));
        expect(found.map((answered) => (answered as { corpId?: string }).corpId)).toEqual(owners);
      }
    });

    it('take the same registration through either, at once and without WeCom', async () => {
      wecom.behave('gettoken', drop());
      expect(await told(await whenServed(() => registerAt(one, app, openKfId)))).toEqual(REGISTERED);
      expect(await told(await whenServed(() => registerAt(two, app, openKfId)))).toEqual(REGISTERED);
      expect((await registerAt(one, app, openKfId, RENEWED)).status).toBe(503);
    });
  });

  describe('where access tokens are asked for,', () => {
    const getToken = async ({ url }: ManagerProcess, corpsecret = RIGHT) => {
      const query = new URLSearchParams({ corpid: app.corpId, corpsecret });
      const answered = await fetch(`${url}/puppetWxkfManager/getToken?${query}`);
      return (await answered.json()) as { readonly errcode: number; readonly access_token?: string };
    };
    const timesAsked = () =>
      wecom.callsTo('gettoken').filter(({ query }) => query.corpid === app.corpId).length;

    it('make one call for 200 that ask both at once', async () => {
      const held = hold();
      wecom.behave('gettoken', held);
      const answers = Array.from({ length: 200 }, (_, n) => getToken(n % 2 === 0 ? one : two));
      await held.arrived;
      // Both have all that was asked of them by now, and the second has found that the first is asking.
      await Promise.all([one, two].map(({ url }) => fetch(`${url}/health`)));
      held.release();
      const tokens = new Set((await Promise.all(answers)).map(({ access_token }) => access_token));
      expect([...tokens]).toEqual([wecom.tokenOf(app.corpId, RIGHT)]);
      expect(timesAsked()).toBe(1);
    });
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
    expect((await whenServed(() => sendMessage(two.url, app, openKfId))).status).toBe(200);
    const arrived = puppet.next();
    await register(one.url, app, openKfId, puppet.url);
    await arrived;
  });

  it('deliver what one kept that died', async () => {
    await register(one.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    expect((await whenServed(() => sendMessage(one.url, app, openKfId))).status).toBe(200);
    await one.stop('SIGKILL');
    puppet = await startPuppetServer(undefined, Number(new URL(url).port));
    await puppet.next();
  });
});

mongoSuite('three managers on one database', () => {
  let place: Place;
  let managers: ManagerProcess[];

  beforeAll(async () => {
    place = mongoPlace();
    managers = await Promise.all([1, 2, 3].map(() => startManager(place.env)));
  });

  afterAll(async () => {
    await Promise.all(managers.map((one) => one.stop('SIGKILL')));
    await place.discard();
  });

  it('the third delivers what the two others kept before they died', async () => {
    const app = newApp();
    const accounts = [newOpenKfId(), newOpenKfId()];
    const away = await startPuppetServer();
    const { url } = away;
    await away.close();
    const dying = managers.slice(0, 2);
    for (const [n, { url: manager }] of dying.entries()) {
      await register(manager, app, accounts[n] ?? '', url);
      const answer = await whenServed(() => sendMessage(manager, app, accounts[n] ?? ''));
      expect(answer.status).toBe(200);
    }
    await Promise.all(dying.map((one) => one.stop('SIGKILL')));
    const puppet = await startPuppetServer(undefined, Number(new URL(url).port));
    await until(() => puppet.received.length >= accounts.length);
    await puppet.close();
  });
});
