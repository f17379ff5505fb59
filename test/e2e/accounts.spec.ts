/** All accounts of all apps, each judged by what its customers get: the built process, its bots and WeCom on real sockets. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { BotAnswer } from '../../src/api/bots/bots.dto.js';
import { AccountAnswer, AccountPageAnswer } from '../../src/api/accounts/account.dto.js';
import type { AccountState } from '../../src/insight/accounts/account-states.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { postJson, type PuppetServer, register, startPuppetServer, TAKE } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { answer, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const RIGHT = 'corp-secret-of-the-tests';
const WRONG = 'a-secret-that-wecom-does-not-know';
/** The least that may be set. */
const REPLY_WITHIN_S = 5;

describe('all accounts', () => {
  const place = embeddedPlace();
  let wecom: WecomServer;
  let program: PuppetServer;
  let manager: ManagerProcess;
  let app: WecomApp;

  const start = () =>
    startManager({
      ...place.env,
      ...{ ACCESS_TOKEN_URL: wecom.tokenUrl, WECOM_API_URL: wecom.url },
      REPLY_WITHIN_S: String(REPLY_WITHIN_S),
    });

  beforeAll(async () => {
    [program, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
    manager = await start();
  });

  beforeEach(async () => {
    app = newApp();
    wecom.addSecret(app.corpId, RIGHT);
    const { corpId, token, encodingAESKey } = app;
    await postJson(`${manager.url}/api/v1/apps`, { corpId, token, encodingAESKey, name: 'Example Ltd.' });
  });

  afterEach(() => wecom.behave('kf/send_msg', usual));

  afterAll(async () => {
    await manager.stop();
    await Promise.all([program.close(), wecom.close()]);
    await place.discard();
  });

  const get = async (path: string): Promise<unknown> => (await fetch(`${manager.url}/api/v1/${path}`)).json();
  const verdict = async () => answerAs(StatusAnswer, await get('status')).verdict;
  const page = async (query = '') =>
    answerAs(AccountPageAnswer, await get(`accounts?corpId=${app.corpId}${query}`));
  const accountOf = async (openKfId: string) => answerAs(AccountAnswer, await get(`accounts/${openKfId}`));
  const becomes = (openKfId: string, state: AccountState) =>
    until(async () => (await accountOf(openKfId)).state === state);
  const write = (openKfId: string) => sendMessage(manager.url, app, openKfId);

  async function addBot(name: string, openKfId: string): Promise<BotCreatedAnswer> {
    const callback = { url: program.url };
    const bot = { name, corpId: app.corpId, openKfIds: [openKfId], kind: 'callback', callback };
    const added = await postJson(`${manager.url}/api/v1/bots`, bot);
    return (await added.json()) as BotCreatedAnswer;
  }

  /** As programs do that have the manager as their base of WeCom's API. @returns the errcode. */
  async function reply({ key }: BotCreatedAnswer, openKfId: string, corpSecret = RIGHT): Promise<number> {
    const base = `${manager.url}/bot/${key}/cgi-bin`;
    const query = new URLSearchParams({ corpid: app.corpId, corpsecret: corpSecret });
    const given = await (await fetch(`${base}/gettoken?${query}`)).json();
    const { access_token: token, errcode } = given as { access_token?: string; errcode: number };
    if (token === undefined) return errcode;
    const body = { touser: 'wm1', open_kfid: openKfId, msgtype: 'text', text: { content: 'hi' } };
    const sent = await postJson(`${base}/kf/send_msg?access_token=${token}`, body);
    return ((await sent.json()) as { errcode: number }).errcode;
  }

  it('name the one of two bots whose Secret is wrong, and the other works', async () => {
    const [rightId, wrongId] = [newOpenKfId(), newOpenKfId()];
    const [right, wrong] = [await addBot('Right', rightId), await addBot('Wrong', wrongId)];
    for (const id of [rightId, wrongId]) await write(id);
    expect(await reply(right, rightId)).toBe(0);
    for (let n = 0; n < 3; n++) expect(await reply(wrong, wrongId, WRONG)).toBe(40001);
    const refused = { code: 'token_refused', severity: 'bad', why: '40001', botId: wrong.id };
    const named = { ...refused, botName: 'Wrong', corpName: 'Example Ltd.' };
    expect(await verdict()).toMatchObject({ state: 'failing', causes: [named] });
    expect((await page()).items).toMatchObject([
      { openKfId: wrongId, state: 'failing', servedBy: 'bot', botName: 'Wrong', causes: [named] },
      { openKfId: rightId, state: 'working', servedBy: 'bot', botName: 'Right', causes: [] },
    ]);
    const botOf = async ({ id }: BotCreatedAnswer) => answerAs(BotAnswer, await get(`bots/${id}`));
    expect(await botOf(wrong)).toMatchObject({ causes: [named], accounts: { failing: 1, working: 0 } });
    expect(await botOf(right)).toMatchObject({ causes: [], accounts: { failing: 0, working: 1 } });
    expect(await reply(wrong, wrongId)).toBe(0);
    expect(await verdict()).toMatchObject({ state: 'answered', causes: [], accounts: { failing: 0 } });
  });

  it('name the account whose bot takes what comes and never replies, until it does', async () => {
    const [silentId, otherId, quickId] = [newOpenKfId(), newOpenKfId(), newOpenKfId()];
    const [silent, other] = [await addBot('Silent', silentId), await addBot('Other', otherId)];
    const quick = await addBot('Quick', quickId);
    program.behave((_request, response) => {
      // It takes the event once it has replied.
      void reply(quick, quickId).then(() => response.end('success'));
    });
    await write(quickId);
    program.behave(TAKE);
    const before = Date.now();
    await write(silentId);
    await write(otherId);
    await reply(other, otherId);
    await becomes(silentId, 'silent');
    const { since, lastMessageAt } = await accountOf(silentId);
    expect(Date.parse(since ?? '')).toBeLessThanOrEqual(Date.parse(lastMessageAt ?? ''));
    expect(Date.parse(since ?? '')).toBeGreaterThanOrEqual(before);
    expect(Date.now() - Date.parse(since ?? '')).toBeGreaterThanOrEqual(REPLY_WITHIN_S * 1_000);
    const cause = { code: 'silent', botName: 'Silent', openKfId: silentId, since, count: 1 };
    expect((await verdict()).causes).toMatchObject([cause]);
    for (const id of [otherId, quickId]) expect((await accountOf(id)).state).toBe('working');
    await reply(silent, silentId);
    expect(await accountOf(silentId)).toMatchObject({ state: 'working', causes: [] });
  });

  it('are silent 5 s after REPLY_WITHIN_S at the latest, however much was answered just before', async () => {
    const openKfId = newOpenKfId();
    const bot = await addBot('Stops', openKfId);
    for (let n = 0; n < 3; n++) {
      await write(openKfId);
      expect(await reply(bot, openKfId)).toBe(0);
    }
    const before = Date.now();
    await write(openKfId);
    const after = Date.now();
    // Customers go on writing.
    await until(async () => {
      await write(openKfId);
      return (await accountOf(openKfId)).state === 'silent';
    });
    expect(Date.now() - after).toBeLessThan((REPLY_WITHIN_S + 5) * 1_000);
    const since = Date.parse((await accountOf(openKfId)).since ?? '');
    expect(since).toBeGreaterThanOrEqual(before);
    await reply(bot, openKfId);
    expect((await accountOf(openKfId)).state).toBe('working');
  });

  it('fail and are silent after a restart as before', async () => {
    const [failingId, silentId] = [newOpenKfId(), newOpenKfId()];
    const [failing] = [await addBot('Failing', failingId), await addBot('Silent', silentId)];
    for (const id of [failingId, silentId]) await write(id);
    wecom.behave('kf/send_msg', answer(95017));
    await reply(failing, failingId);
    await becomes(silentId, 'silent');
    const states = async () =>
      (await page()).items.map(({ openKfId, state, since }) => [openKfId, state, since]);
    const before = await states();
    expect(before.map(([id, state]) => [id, state])).toEqual([
      [failingId, 'failing'],
      [silentId, 'silent'],
    ]);
    await manager.stop();
    manager = await start();
    await until(async () => (await verdict()).causes.length === 2);
    expect(await states()).toEqual(before);
    wecom.behave('kf/send_msg', usual);
    await reply(failing, failingId);
    expect((await accountOf(failingId)).state).toBe('working');
  });

  it('are those of WeCom, of puppets and of bots, with who serves them', async () => {
    const [registered, listed] = [newOpenKfId(), newOpenKfId()];
    await register(manager.url, app, registered, program.url);
    await addBot('Bot', listed);
    await write(registered);
    await until(async () => (await page()).items.some(({ inWecom }) => inWecom === true));
    const { items, total, counts } = await page('&sort=name');
    expect(total).toBe(3);
    expect(counts).toMatchObject({ unseen: 1, quiet: 2 });
    const byId = new Map(items.map((item) => [item.openKfId, item]));
    expect(byId.get(registered)).toMatchObject({ servedBy: 'puppet', inWecom: false, botId: null });
    expect(byId.get(listed)).toMatchObject({ servedBy: 'bot', inWecom: false, corpName: 'Example Ltd.' });
    expect(byId.get('wk-0-100')).toMatchObject({ name: '客服', servedBy: 'nobody', inWecom: true });
    const { registration, hours } = await accountOf(registered);
    expect(registration).toMatchObject({ endpoint: program.url, online: true });
    expect([hours.length, hours.at(-1)]).toEqual([24, 1]);
  });

  it('come in pages, and by search, bot and state', async () => {
    const ids = Array.from({ length: 5 }, newOpenKfId);
    const bots = await Promise.all(ids.map((id, n) => addBot(`Bot ${n}`, id)));
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { items, nextCursor } = await page(`&servedBy=bot&limit=2${query}`);
      found.push(...items.map(({ openKfId }) => openKfId));
      cursor = nextCursor;
    }
    expect(found).toEqual(ids.toSorted(new Intl.Collator('zh-Hans', { numeric: true }).compare));
    const only = async (query: string) => (await page(query)).items.map(({ openKfId }) => openKfId);
    expect(await only(`&q=bot%203`)).toEqual([ids[3]]);
    expect(await only(`&botId=${bots[1]?.id}`)).toEqual([ids[1]]);
    expect(await page('&state=failing&servedBy=bot')).toMatchObject({
      ...{ items: [], total: 0 },
      counts: { quiet: 5, failing: 0 },
    });
    const other = await fetch(`${manager.url}/api/v1/accounts/wkOfNobody`);
    expect([other.status, await other.json()]).toMatchObject([404, { error: 'ACCOUNT_NOT_FOUND' }]);
  });
});
