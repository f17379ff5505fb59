/** What operators see of messages and do with them: never what is in them; on both stores: embedded and MongoDB. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { BotPageAnswer } from '../../src/api/bots/bots.dto.js';
import type { TestedAnswer } from '../../src/api/accounts/accounts.dto.js';
import type { MessageAnswer, MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import { scrape } from '../support/metrics.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { type PuppetServer, startPuppetServer } from '../support/puppet-server.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const TRIES = 1;
const SECRET_WORDS = 'what nobody else may read';

onEachStoreNightly((newPlace) => {
  let scene: Scene;
  let wecom: Simulator;
  let puppet: PuppetServer;
  let openKfId: string;

  beforeAll(async () => {
    const env = { LOG_LEVEL: 'trace', MESSAGE_TRIES: String(TRIES) };
    scene = await Scene.open({ place: newPlace(), accounts: 8, env });
    ({ wecom } = scene);
  });

  afterAll(async () => {
    await scene.close();
    expect(scene.manager.output()).not.toContain(SECRET_WORDS);
    expect(scene.manager.output()).not.toContain(wecom.firstCustomerId);
  });

  /** A bot that refuses everything, on an account of its own. */
  beforeEach(async () => {
    openKfId = scene.newAccount();
    puppet = await startPuppetServer((_request, response) => response.writeHead(500).end());
    const { key } = await scene.addBot({ openKfIds: [openKfId], kind: 'puppet', takes: 'message' });
    const { corpId, corpSecret } = wecom;
    const names = { kfId: openKfId, kfName: 'Support', endpoint: puppet.url, corpId, corpSecret };
    await scene.ask('POST', '/puppetWxkfManager/register', { ...names, takes: 'message' }, key);
  });

  afterEach(() => puppet.close());

  const ask = (method: string, path: string, body?: object) =>
    scene.request(method, `/api/v1/messages${path}`, body);
  const status = () => scene.ask<StatusAnswer>('GET', '/api/v1/status');

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
    const samples = await scrape(scene.url);
    expect(samples.value('wxkf_messages', { state: 'dead' })).toBeGreaterThan(0);
    expect(samples.value('wxkf_messages', { state: 'waiting' })).toBe(0);
    expect(samples.value('wxkf_oldest_waiting_message_age_seconds')).toBe(0);
    expect(await status()).toMatchObject({
      counts: { deadMessages: expect.any(Number), waitingMessages: 0 },
    });
  });

  it('they see that its bot has taken nothing, though its messages are pulled, and what it takes then', async () => {
    const { webhookId } = await leaveDead();
    const botNow = async () => {
      const { items } = await scene.ask<BotPageAnswer>('GET', '/api/v1/bots');
      return items.find(({ openKfIds }) => openKfIds.includes(openKfId));
    };
    const accountNow = () => scene.ask('GET', `/api/v1/accounts/${openKfId}`);
    const [bot, account] = [await botNow(), await accountNow()];
    expect(bot).toMatchObject({ lastTakenAt: null, lastFailure: { status: 500 }, lastHour: { taken: 0 } });
    expect(account).toMatchObject({ lastDelivery: null, lastHour: { attempts: 1, taken: 0 } });
    const { answering, silent, unseen } = (await status()).verdict.replies;
    take();
    expect((await ask('POST', `/${openKfId}/${webhookId}/replay`)).status).toBe(200);
    await until(async () => (await list()).length === 0);
    expect(await botNow()).toMatchObject({
      lastTakenAt: expect.any(String),
      lastHour: { attempts: 2, taken: 1 },
    });
    const { replies } = (await status()).verdict;
    // It has taken something now, and no reply was seen.
    expect([replies.answering, replies.silent, replies.unseen]).toEqual([answering, silent, unseen + 1]);
  });

  it('they see that a test has pulled, and that nothing was sent to the bot', async () => {
    const tested = await scene.ask<TestedAnswer>('POST', `/api/v1/accounts/${openKfId}/test`);
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
      await scene.manager.line(({ msg, webhookId: of }) => msg === 'message.replayed' && of === webhookId),
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
