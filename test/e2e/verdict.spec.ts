/** Whether customers are being answered, as the built process says it, with its bots and WeCom on real sockets. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import { embeddedPlace } from '../support/place.js';
import { postJson, type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { sendReply } from '../support/replying-bot.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { answer, type Behaviour, cut, html, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const CORP_SECRET = 'corp-secret-of-the-tests';

describe('the verdict', () => {
  const place = embeddedPlace();
  let wecom: WecomServer;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let app: WecomApp;
  let openKfId: string;

  beforeAll(async () => {
    [puppet, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
    const urls = { ACCESS_TOKEN_URL: wecom.tokenUrl, WECOM_API_URL: wecom.url };
    manager = await startManager({ ...place.env, ...urls });
  });

  beforeEach(async () => {
    [app, openKfId] = [newApp(), newOpenKfId()];
    wecom.addSecret(app.corpId, CORP_SECRET);
    await register(manager.url, app, openKfId, puppet.url);
  });

  afterEach(async () => {
    wecom.behave('*', usual);
    wecom.behave('kf/send_msg', usual);
    await fetch(`${manager.url}/api/v1/accounts/${openKfId}`, { method: 'DELETE' });
  });

  afterAll(async () => {
    await manager.stop();
    await Promise.all([puppet.close(), wecom.close()]);
    await place.discard();
  });

  async function verdict() {
    const status = answerAs(StatusAnswer, await (await fetch(`${manager.url}/api/v1/status`)).json());
    return status.verdict;
  }

  const write = async () => expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  const reply = () => sendReply(manager.url, CORP_SECRET, { corpId: app.corpId, openKfId });

  it('is not that customers are answered before a reply went out, and is it then', async () => {
    expect(await verdict()).toMatchObject({ state: 'quiet', causes: [] });
    await write();
    expect(await verdict()).toMatchObject({
      state: 'unseen',
      replies: { answering: 0, unseen: 1, lastAt: null },
    });
    const [before, errcode] = [Date.now(), await reply()];
    expect(errcode).toBe(0);
    const { state, replies } = await verdict();
    expect({ state, replies }).toMatchObject({ state: 'answered', replies: { answering: 1, unseen: 0 } });
    expect(Date.parse(replies.lastAt ?? '')).toBeGreaterThanOrEqual(before);
  });

  it.each<[string, Behaviour, string, string | null]>([
    ['refuses', answer(60020), '60020', '127.0.0.1'],
    ['answers with an HTTP error', html(502), 'status', null],
    ['hangs up', cut(), 'unreachable', null],
  ])(
    'is bad since the first call, while WeCom %s, though bots take every event',
    async (_name, does, why, unlistedAddress) => {
      await write();
      await reply();
      wecom.behave('kf/send_msg', does);
      const before = Date.now();
      for (let n = 0; n < 3; n++) {
        await write();
        expect(await reply()).not.toBe(0);
      }
      const { state, causes } = await verdict();
      expect(state).toBe('failing');
      expect(causes).toMatchObject([
        { code: 'wecom_fails', severity: 'bad', count: 1, why, unlistedAddress, corpId: app.corpId },
        { code: 'replies_fail', severity: 'bad', count: 1, why, unlistedAddress, openKfId },
      ]);
      for (const { since } of causes) {
        expect(Date.parse(since ?? '')).toBeGreaterThanOrEqual(before);
        expect(Date.parse(since ?? '')).toBeLessThanOrEqual(Date.now());
      }
      wecom.behave('kf/send_msg', usual);
      expect(await reply()).toBe(0);
      expect(await verdict()).toMatchObject({ state: 'answered', causes: [] });
    },
  );

  it('names the account whose replies WeCom refuses; the metrics say the same', async () => {
    await write();
    const refused = async () =>
      (await scrape(manager.url)).value('wxkf_replies_total', { result: 'refused' });
    const before = await refused();
    wecom.behave('kf/send_msg', answer(95017));
    await reply();
    const { state, causes } = await verdict();
    expect({ state, causes }).toMatchObject({
      state: 'failing',
      causes: [{ code: 'replies_fail', count: 1, why: '95017', corpId: app.corpId, openKfId }],
    });
    const metrics = await scrape(manager.url);
    expect(metrics.value('wxkf_failing_reply_accounts')).toBe(1);
    expect(metrics.value('wxkf_failing_wecom_corps')).toBe(0);
    expect(await refused()).toBe(before + 1);
    wecom.behave('kf/send_msg', usual);
    expect(await reply()).toBe(0);
  });

  it('names the account that WeCom does not have, as its page does, until it is forgotten', async () => {
    await write();
    wecom.behave('kf/send_msg', answer(95004));
    await reply();
    const { state, causes } = await verdict();
    expect({ state, causes }).toMatchObject({
      state: 'degraded',
      causes: [{ code: 'no_account', count: 1, why: '95004', corpId: app.corpId, openKfId }],
    });
    const url = `${manager.url}/api/v1/accounts/${openKfId}`;
    const account = answerAs(AccountAnswer, await (await fetch(url)).json());
    expect(account.causes).toMatchObject([{ code: 'no_account', why: '95004' }]);
    await fetch(url, { method: 'DELETE' });
    expect((await verdict()).causes).toEqual([]);
  });

  it('has no replies that fail of an account that is forgotten', async () => {
    await write();
    wecom.behave('kf/send_msg', answer(95017));
    await reply();
    expect((await verdict()).causes).toMatchObject([{ code: 'replies_fail', openKfId }]);
    await fetch(`${manager.url}/api/v1/accounts/${openKfId}`, { method: 'DELETE' });
    expect((await verdict()).causes).toEqual([]);
    expect((await scrape(manager.url)).value('wxkf_failing_reply_accounts')).toBe(0);
  });

  it.each([
    ['an account', (served: string) => [served]],
    ['all others', () => ['*']],
  ])('has none either of an account whose bot of %s is removed', async (_what, toList) => {
    const { corpId, token, encodingAESKey } = app;
    const served = newOpenKfId();
    const openKfIds = toList(served);
    const bot = { name: 'Bot', corpId, openKfIds, kind: 'callback', callback: { url: puppet.url } };
    await postJson(`${manager.url}/api/v1/apps`, { corpId, token, encodingAESKey });
    const { id } = (await (await postJson(`${manager.url}/api/v1/bots`, bot)).json()) as BotCreatedAnswer;
    wecom.behave('kf/send_msg', answer(95017));
    await sendReply(manager.url, CORP_SECRET, { corpId, openKfId: served });
    expect((await verdict()).causes).toMatchObject([{ code: 'replies_fail', openKfId: served }]);
    await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
    expect((await verdict()).causes).toEqual([]);
  });

  it('is no longer that a token is refused once the corpSecret of the bot was mended', async () => {
    const corpSecret = `${CORP_SECRET}-mended`;
    wecom.addSecret(app.corpId, corpSecret);
    const bot = { name: 'Bot', corpId: app.corpId, openKfIds: [newOpenKfId()], kind: 'puppet' };
    const added = await postJson(`${manager.url}/api/v1/bots`, { ...bot, corpSecret: 'wrong' });
    const { id, key } = (await added.json()) as BotCreatedAnswer;
    for (const corpsecret of ['one', 'two', 'three']) {
      const query = new URLSearchParams({ corpid: app.corpId, corpsecret });
      await (await fetch(`${manager.url}/bot/${key}/cgi-bin/gettoken?${query}`)).text();
    }
    expect(await verdict()).toMatchObject({ causes: [{ code: 'token_refused', botId: id }] });
    const changed = await fetch(`${manager.url}/api/v1/bots/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ corpSecret }),
    });
    expect(changed.status).toBe(200);
    await until(async () => (await verdict()).causes.length === 0);
    await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
  });

  it('is bad when WeCom gives the corp no tokens', async () => {
    // The first is the registration's own, which may still be asked about: what WeCom answers to it ends what failed before.
    for (const corpsecret of [CORP_SECRET, 'one', 'two', 'three']) {
      const query = new URLSearchParams({ corpid: app.corpId, corpsecret });
      await (await fetch(`${manager.url}/puppetWxkfManager/getToken?${query}`)).text();
    }
    expect(await verdict()).toMatchObject({
      state: 'failing',
      causes: [{ code: 'token_refused', why: '40001', corpId: app.corpId }],
    });
  });
});
