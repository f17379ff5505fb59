/** What operators see of messages and do with them: never what is in them; on both stores: embedded and MongoDB. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotPageAnswer } from '../../src/api/bots/bots.dto.js';
import type { TestedAnswer } from '../../src/api/accounts/accounts.dto.js';
import type { MessageAnswer, MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import { connectApp } from '../support/connected-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import type { Place } from '../support/place.js';
import { postJson, type PuppetServer, startPuppetServer } from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';

const TRIES = 1;
const SECRET_WORDS = 'what nobody else may read';

onEachStoreNightly((newPlace) => {
  let place: Place;
  let manager: ManagerProcess;
  let wecom: Simulator;
  let puppet: PuppetServer;
  let accountsUsed = 0;
  let openKfId: string;

  beforeAll(async () => {
    wecom = await startSimulator({ accounts: Array.from({ length: 8 }, (_, n) => `account ${n}`) });
    place = newPlace();
    manager = await startManager({
      ...place.env,
      LOG_LEVEL: 'trace',
      SECRETS_KEY: randomBytes(32).toString('base64'),
      MESSAGE_TRIES: String(TRIES),
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
    });
    await connectApp(wecom, manager);
  });

  afterAll(async () => {
    await manager.stop();
    await wecom.close();
    await place.discard();
    expect(manager.output()).not.toContain(SECRET_WORDS);
    expect(manager.output()).not.toContain(wecom.firstCustomerId);
  });

  /** A bot that refuses everything, on an account of its own. */
  beforeEach(async () => {
    openKfId = wecom.accounts[accountsUsed++]?.openKfId ?? '';
    puppet = await startPuppetServer((_request, response) => response.writeHead(500).end());
    const { corpId, corpSecret } = wecom;
    const bot = { name: 'Bot', corpId, openKfIds: [openKfId], kind: 'puppet', takes: 'message', corpSecret };
    const added = await postJson(`${manager.url}/api/v1/bots`, bot);
    const { key } = (await added.json()) as { key: string };
    const names = { kfId: openKfId, kfName: 'Support', endpoint: puppet.url, corpId, corpSecret };
    const registered = await fetch(`${manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...names, takes: 'message' }),
    });
    expect(registered.status).toBe(200);
  });

  afterEach(() => puppet.close());

  const ask = (method: string, path: string, body?: object) =>
    fetch(`${manager.url}/api/v1/messages${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });

  async function list(query = ''): Promise<readonly MessageAnswer[]> {
    const response = await ask('GET', `?openKfId=${openKfId}${query}`);
    const text = await response.text();
    expect([response.status, text.includes(SECRET_WORDS)]).toEqual([200, false]);
    expect(text).not.toContain(wecom.firstCustomerId);
    return (JSON.parse(text) as MessagePageAnswer).items;
  }

  async function refusalOf(method: string, path: string): Promise<unknown[]> {
    const response = await ask(method, path);
    return [response.status, ((await response.json()) as { error: string }).error];
  }

  async function leaveDead(): Promise<MessageAnswer> {
    wecom.say(SECRET_WORDS, { openKfId });
    await until(async () => (await list('&state=dead')).length > 0);
    const [dead] = await list();
    if (dead === undefined) throw new Error('none is dead');
    return dead;
  }

  const take = () => puppet.behave((_request, response) => response.end());

  it('they see that one is dead, of what kind it is and why, and not what it says', async () => {
    expect(await leaveDead()).toEqual({
      ...{ corpId: wecom.corpId, openKfId, name: 'Support', type: 'text', origin: 3, state: 'dead' },
      webhookId: puppet.received[0]?.headers['webhook-id'],
      msgid: JSON.parse(puppet.received[0]?.body ?? '{}').msgid,
      sentAt: expect.any(String),
      storedAt: expect.any(String),
      ageS: expect.any(Number),
      attempts: TRIES,
      refusals: TRIES,
      dueAt: null,
      lastFailure: { at: expect.any(String), stage: 'status', reason: 'the answer was 500', status: 500 },
    });
    expect(await list('&state=waiting')).toEqual([]);
    expect(puppet.received.map(({ headers }) => headers['x-wxkf-attempt'])).toEqual(
      Array.from({ length: TRIES }, (_, n) => String(n + 1)),
    );
    const samples = await scrape(manager.url);
    expect(samples.value('wxkf_messages', { state: 'dead' })).toBeGreaterThan(0);
    expect(samples.value('wxkf_messages', { state: 'waiting' })).toBe(0);
    expect(samples.value('wxkf_oldest_waiting_message_age_seconds')).toBe(0);
    const status = await (await fetch(`${manager.url}/api/v1/status`)).json();
    expect(status).toMatchObject({ counts: { deadMessages: expect.any(Number), waitingMessages: 0 } });
  });

  it('they see that its bot has taken nothing, though its messages are pulled, and what it takes then', async () => {
    const { webhookId } = await leaveDead();
    const botNow = async () => {
      const { items } = (await (await fetch(`${manager.url}/api/v1/bots`)).json()) as BotPageAnswer;
      return items.find(({ openKfIds }) => openKfIds.includes(openKfId));
    };
    const accountNow = async () => (await fetch(`${manager.url}/api/v1/accounts/${openKfId}`)).json();
    const [bot, account] = [await botNow(), await accountNow()];
    expect(bot).toMatchObject({ lastTakenAt: null, lastFailure: { status: 500 }, lastHour: { taken: 0 } });
    expect(account).toMatchObject({ lastDelivery: null, lastHour: { attempts: 1, taken: 0 } });
    const { verdict } = (await (await fetch(`${manager.url}/api/v1/status`)).json()) as StatusAnswer;
    const { answering, silent, unseen } = verdict.replies;
    take();
    expect((await ask('POST', `/${openKfId}/${webhookId}/replay`)).status).toBe(200);
    await until(async () => (await list()).length === 0);
    expect(await botNow()).toMatchObject({
      lastTakenAt: expect.any(String),
      lastHour: { attempts: 2, taken: 1 },
    });
    const after = (await (await fetch(`${manager.url}/api/v1/status`)).json()) as StatusAnswer;
    const { replies } = after.verdict;
    // It has taken something now, and no reply was seen.
    expect([replies.answering, replies.silent, replies.unseen]).toEqual([answering, silent, unseen + 1]);
  });

  it('they see that a test has pulled, and that nothing was sent to the bot', async () => {
    const url = `${manager.url}/api/v1/accounts/${openKfId}/test`;
    const tested = (await (await fetch(url, { method: 'POST' })).json()) as TestedAnswer;
    expect(tested).toMatchObject({ taken: true, pulled: true, body: null, failure: null });
    expect(puppet.received).toEqual([]);
  });

  it('they send it again, under its webhook-id, and once it was taken it is nowhere', async () => {
    const { webhookId } = await leaveDead();
    take();
    expect((await ask('POST', `/${openKfId}/${webhookId}/replay`)).status).toBe(200);
    await until(async () => (await list()).length === 0);
    expect(puppet.received.map(({ headers }) => headers['webhook-id'])).toEqual([webhookId, webhookId]);
    const gone = [404, 'MESSAGE_NOT_FOUND'];
    expect(await refusalOf('POST', `/${openKfId}/${webhookId}/replay`)).toEqual(gone);
    expect(await refusalOf('DELETE', `/${openKfId}/${webhookId}`)).toEqual(gone);
    expect(
      await manager.line(({ msg, webhookId: of }) => msg === 'message.replayed' && of === webhookId),
    ).toMatchObject({ openKfId, type: 'text', from: '127.0.0.1', requestId: expect.any(String) });
  });

  it('they drop one, and it is not pulled again', async () => {
    const { webhookId } = await leaveDead();
    expect((await ask('DELETE', `/${openKfId}/${webhookId}`)).status).toBe(200);
    expect(await list()).toEqual([]);
    take();
    wecom.say('the next', { openKfId });
    await until(() => puppet.received.length === 2);
    expect(JSON.parse(puppet.received[1]?.body ?? '{}')).toMatchObject({ text: { content: 'the next' } });
  });

  it('they send all dead ones again, of one corp', async () => {
    await leaveDead();
    take();
    const other = await ask('POST', '/replay', { state: 'dead', corpId: 'wwOther' });
    expect(await other.json()).toEqual({ code: 0, message: 'success', replayed: 0 });
    const response = await ask('POST', '/replay', { state: 'dead', corpId: wecom.corpId });
    expect(await response.json()).toMatchObject({ code: 0, replayed: expect.any(Number) });
    await until(async () => (await list()).length === 0);
  });

  it('they are told what is wrong with their request', async () => {
    expect(await refusalOf('GET', '?state=parked')).toEqual([400, 'REQUEST_INVALID']);
    expect(await refusalOf('GET', '?cursor=a2YtYWNjb3VudHMgYQ')).toEqual([400, 'REQUEST_INVALID']);
    expect(await refusalOf('DELETE', '/wk1/from_msgid_1')).toEqual([400, 'REQUEST_INVALID']);
  });
});
