/** Accounts that there are not, and that callers and signed events name all the same: the built process, with WeCom on real sockets. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { refusal, sendAnswer } from '../../packages/simulator/api/answers.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { AccountAnswer, AccountPageAnswer } from '../../src/api/accounts/account.dto.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { connectApp } from '../support/connected-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { withPastMax } from '../support/past-bounds.js';
import { withPatrolTimes } from '../support/patrol-times.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { postJson, type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { sendReply } from '../support/replying-bot.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { type Behaviour, reply } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

async function statusOf({ url }: ManagerProcess): Promise<StatusAnswer> {
  return answerAs(StatusAnswer, await (await fetch(`${url}/api/v1/status`)).json());
}

async function listed({ url }: ManagerProcess): Promise<string[]> {
  const page = answerAs(AccountPageAnswer, await (await fetch(`${url}/api/v1/accounts?limit=100`)).json());
  return page.items.map(({ openKfId }) => openKfId).toSorted();
}

describe('a key for all accounts, and the secret of a puppet, with which replies to made-up accounts are sent', () => {
  const CORP_SECRET = 'corp-secret-of-the-tests';
  /** By each of the two. The manager remembers less. */
  const MADE_UP = 80;
  const PAST = { subjects: 100, accountsOfCorp: 50, calls: 100, callsOfCaller: 50 };
  const CALLS_PER_MINUTE = 250;
  const place = embeddedPlace();
  const [calm, busy] = [newApp(), newApp()];
  const [answered, failing, ofBusy] = [newOpenKfId(), newOpenKfId(), newOpenKfId()];
  const listedOfBusy = [ofBusy];
  let wecom: WecomServer;
  let puppet: PuppetServer;
  let manager: ManagerProcess;
  let key: string;

  /** As WeCom does: it has three accounts, and one of them may not send. */
  const sendMsg: Behaviour = (exchange) => {
    const { open_kfid: openKfId } = JSON.parse(exchange.call.text ?? '{}');
    if ([answered, ofBusy].includes(openKfId)) exchange.usual();
    else sendAnswer(exchange.response, refusal(openKfId === failing ? 95017 : 95000));
  };

  const listAccounts: Behaviour = (exchange) => {
    const isOfBusy = exchange.call.query.access_token === wecom.tokenOf(busy.corpId, CORP_SECRET);
    const account_list = (isOfBusy ? listedOfBusy : [answered, failing]).map((open_kfid) => ({ open_kfid }));
    reply(200, JSON.stringify({ errcode: 0, account_list }))(exchange);
  };

  beforeAll(async () => {
    [puppet, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
    wecom.behave('kf/send_msg', sendMsg);
    wecom.behave('kf/account/list', listAccounts);
    manager = await startManager({
      ...place.env,
      ...withPastMax(PAST),
      SECRETS_KEY: newSecretsKey(),
      ACCESS_TOKEN_URL: wecom.tokenUrl,
      WECOM_API_URL: wecom.url,
      CORP_CALLS_PER_MINUTE: `${CALLS_PER_MINUTE}`,
    });
    for (const { corpId } of [calm, busy]) wecom.addSecret(corpId, CORP_SECRET);
    for (const openKfId of [answered, failing]) await register(manager.url, calm, openKfId, puppet.url);
    await register(manager.url, busy, ofBusy, puppet.url);
    const bot = {
      ...{ name: 'Support bot', corpId: busy.corpId, corpSecret: CORP_SECRET, openKfIds: ['*'] },
      ...{ kind: 'callback', callback: { url: puppet.url } },
    };
    ({ key } = (await (await postJson(`${manager.url}/api/v1/bots`, bot)).json()) as BotCreatedAnswer);
  });

  afterAll(async () => {
    await manager.stop();
    await Promise.all([puppet.close(), wecom.close()]);
    await place.discard();
  });

  const byPuppet = (app: WecomApp, openKfId: string) =>
    sendReply(manager.url, CORP_SECRET, { corpId: app.corpId, openKfId });

  async function byKey(openKfId: string): Promise<number> {
    const token = wecom.tokenOf(busy.corpId, CORP_SECRET);
    const url = `${manager.url}/bot/${key}/cgi-bin/kf/send_msg?access_token=${token}`;
    const body = { touser: 'wm1', open_kfid: openKfId, msgtype: 'text', text: { content: 'hi' } };
    return ((await (await postJson(url, body)).json()) as { errcode: number }).errcode;
  }

  async function account(openKfId: string): Promise<AccountAnswer> {
    return answerAs(AccountAnswer, await (await fetch(`${manager.url}/api/v1/accounts/${openKfId}`)).json());
  }

  it('push out no reply of another corp and no cause of it, and are counted as unknown accounts', async () => {
    for (const openKfId of [answered, failing])
      expect((await sendMessage(manager.url, calm, openKfId)).status).toBe(200);
    expect(await byPuppet(calm, answered)).toBe(0);
    expect(await byPuppet(calm, failing)).toBe(95017);
    expect(await byPuppet(busy, ofBusy)).toBe(0);
    const { lastReplyAt } = await account(answered);
    for (let n = 0; n < MADE_UP; n++) {
      expect(await byPuppet(busy, `wkByPuppet${n}`)).toBe(95000);
      expect(await byKey(`wkByKey${n}`)).toBe(95000);
    }
    expect(await account(answered)).toMatchObject({ state: 'working', lastReplyAt });
    const { counts, verdict, unknownAccounts } = await statusOf(manager);
    expect(verdict.causes).toMatchObject([
      { code: 'replies_fail', why: '95017', count: 1, corpId: calm.corpId, openKfId: failing },
    ]);
    expect(counts.accounts).toBe(3);
    expect(unknownAccounts.count).toBe(2 * MADE_UP);
    expect(unknownAccounts.examples).toHaveLength(5);
    expect(unknownAccounts.examples[0]).toEqual({ corpId: busy.corpId, openKfId: 'wkByPuppet0' });
    expect(await listed(manager)).toEqual([answered, failing, ofBusy].toSorted());
  });

  it("have nothing to do with an account that WeCom's list gets later: it counts with its first event, and made-up ones do not", async () => {
    const added = newOpenKfId();
    listedOfBusy.push(added);
    for (const openKfId of [added, 'wkByEvent'])
      expect((await sendMessage(manager.url, busy, openKfId)).status).toBe(200);
    const { counts, unknownAccounts } = await statusOf(manager);
    expect([counts.accounts, unknownAccounts.count]).toEqual([4, 2 * MADE_UP + 1]);
    expect(await account(added)).toMatchObject({ servedBy: 'bot', inWecom: true });
    expect((await fetch(`${manager.url}/api/v1/accounts/wkByEvent`)).status).toBe(404);
  });

  it('have no account fail by the 45009 that the manager answers itself: the bot with the key is named', async () => {
    expect(await byPuppet(busy, ofBusy)).toBe(0);
    const before = wecom.callsTo('kf/send_msg').length;
    for (let refused = 0, n = 0; refused < 5; n++) {
      const errcodes = [await byPuppet(busy, ofBusy), await byKey(`wkLater${n}`)];
      if (errcodes.includes(45009)) refused++;
    }
    expect(wecom.callsTo('kf/send_msg').length - before).toBeLessThanOrEqual(2 * CALLS_PER_MINUTE);
    const { verdict } = await statusOf(manager);
    expect(verdict.causes).toMatchObject([
      { code: 'replies_fail', openKfId: failing },
      { code: 'bot_calls_fail', why: '45009', corpId: busy.corpId, botName: 'Support bot', openKfId: null },
    ]);
    expect(await account(ofBusy)).toMatchObject({ state: 'working' });
  });
});

describe('a bot of all accounts that takes messages', () => {
  const TIMES = { roundMs: 50, lateQuietMs: 400, quietMs: 400 };
  const ACCOUNTS = ['one', 'two', 'three'];
  let place: Place;
  let wecom: Simulator;
  let bot: PullingBot;
  let manager: ManagerProcess;
  let pulls: string[];

  beforeEach(async () => {
    place = embeddedPlace();
    [wecom, bot] = await Promise.all([startSimulator({ accounts: ACCOUNTS }), PullingBot.start()]);
    pulls = [];
    wecom.calls.onChange = ({ api, request }) => void (api === 'kf/sync_msg' && pulls.push(request));
    manager = await startManager({
      ...place.env,
      ...withPatrolTimes(TIMES),
      SECRETS_KEY: newSecretsKey(),
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
    });
    await connectApp(wecom, manager);
    await bot.addTo(manager.url, wecom, '*');
  });

  afterEach(async () => {
    await manager.stop();
    await Promise.all([wecom.close(), bot.close()]);
    await place.discard();
  });

  const ids = () => wecom.accounts.map(({ openKfId }) => openKfId);

  /** How often the manager has asked for messages of the account. */
  const pullsOf = (openKfId: string) => pulls.filter((request) => request.includes(openKfId)).length;

  async function sayAt(openKfId: string, text: string): Promise<void> {
    wecom.say(text, { openKfId });
    await until(() => bot.texts.includes(text));
  }

  /** Until the patrol has looked at the account so often. */
  async function looksAt(openKfId: string, times: number): Promise<void> {
    const before = pullsOf(openKfId);
    await until(() => pullsOf(openKfId) >= before + times);
  }

  it('has the accounts that WeCom has; others that signed events name are a figure, and no event of them is refused', async () => {
    for (const openKfId of ids()) await sayAt(openKfId, `to ${openKfId}`);
    const { corpId, callback } = wecom;
    const app = { ...callback, corpId, corpSecret: wecom.corpSecret };
    for (let n = 0; n < 20; n++)
      expect((await sendMessage(manager.url, app, `wkMadeUp${n}`)).status).toBe(200);
    await until(async () => (await statusOf(manager)).unknownAccounts.count === 20);
    const { counts, unknownAccounts, verdict } = await statusOf(manager);
    expect(counts.accounts).toBe(ACCOUNTS.length);
    expect(Object.values(verdict.accounts).reduce((sum, count) => sum + count)).toBe(ACCOUNTS.length);
    // Their events wait.
    expect(verdict.causes.map(({ code }) => code).filter((code) => code !== 'waiting')).toEqual([]);
    expect(unknownAccounts.examples).toHaveLength(5);
    expect(unknownAccounts.examples[0]?.corpId).toBe(corpId);
    expect(unknownAccounts.examples[0]?.openKfId).toMatch(/^wkMadeUp\d+$/);
    expect(await listed(manager)).toEqual(ids().toSorted());
    for (const openKfId of ids()) await sayAt(openKfId, `again to ${openKfId}`);
    expect((await statusOf(manager)).counts.openCircuits).toBe(0);
  });

  it("gets a message of an account that WeCom's list has not, which is an account then", async () => {
    const { identity } = wecom.corp;
    const [{ openKfId = '' } = {}, ...others] = identity.accounts;
    identity.accounts = others;
    const list = await fetch(`${manager.url}/api/v1/corps/${wecom.corpId}/accounts`);
    expect(await list.json()).toMatchObject({ items: others });
    await sayAt(openKfId, 'to a new account');
    expect(await listed(manager)).toContain(openKfId);
    expect((await statusOf(manager)).unknownAccounts.count).toBe(0);
  });

  it('has an account that WeCom deletes no longer pulled, once WeCom says that there is none', async () => {
    const [kept = '', gone = ''] = ids();
    for (const openKfId of [kept, gone]) await sayAt(openKfId, `to ${openKfId}`);
    await looksAt(gone, 1);
    wecom.corp.deleteAccount(gone);
    await looksAt(gone, 1);
    // One may be under way.
    await looksAt(kept, 3);
    const before = pullsOf(gone);
    await looksAt(kept, 4);
    expect(pullsOf(gone)).toBe(before);
    expect(await listed(manager)).not.toContain(gone);
  });

  it("has an account no longer pulled that is not on WeCom's list any more, whatever WeCom answers to pulls", async () => {
    const [kept = '', gone = ''] = ids();
    for (const openKfId of [kept, gone]) await sayAt(openKfId, `to ${openKfId}`);
    await looksAt(gone, 1);
    const { corp, app } = wecom;
    corp.identity.accounts = corp.identity.accounts.filter(({ openKfId }) => openKfId !== gone);
    // WeCom answers 48002 from now on.
    (app.openKfIds as Set<string>).delete(gone);
    await looksAt(gone, 1);
    await looksAt(kept, 3);
    const before = pullsOf(gone);
    await looksAt(kept, 4);
    expect(pullsOf(gone)).toBe(before);
  });
});
