/** Bots and people who share customers: what customers get, and what the bot gets, with WeCom's rules kept by the local WeCom. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import type { LoggedDeliveryPageAnswer } from '../../src/api/log/logged-delivery.dto.js';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import type { SessionSettings } from '../../src/registry/bots/session.dto.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { PullingBot } from '../support/pulling-bot.js';
import { findStored } from '../support/stored-bytes.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const SETTINGS: SessionSettings = {
  welcome: { menu: { head: 'Hello', choices: [{ text: 'A person', id: 'people' }] } },
  people: { keywords: ['人工'], menuIds: ['people'], to: 'pool', waiting: 'wait', nobody: 'nobody is here' },
  ended: { text: 'bye' },
};

onEachStoreNightly((newPlace) => {
  let scene: Scene;
  let wecom: Simulator;
  let openKfId: string;
  let bot: PullingBot;

  beforeAll(async () => {
    scene = await Scene.open({ place: newPlace(), env: { PEOPLE_WAIT_ALARM_S: '1' } });
    ({ wecom } = scene);
  });

  afterAll(() => scene.close());

  beforeEach(async () => {
    openKfId = scene.newAccount();
    bot = await PullingBot.start();
  });

  afterEach(() => bot.close());

  const add = (session: SessionSettings | null = SETTINGS, fields: object = {}) =>
    bot.addTo(scene.url, wecom, openKfId, { session, ...fields });

  const say = (text: string) => wecom.say(text, { openKfId });
  const conversation = () => wecom.corp.conversation(openKfId, wecom.firstCustomerId);
  const stateNow = () => conversation().session(wecom.corp.nowMs).state;
  const act = (act: Parameters<typeof wecom.corp.act>[1]) => wecom.corp.act(conversation(), act);
  /** What the customer was sent, by the bot and by the manager. */
  const shown = () =>
    wecom.corp.chat.messages
      .filter((message) => message.openKfId === openKfId && message.from === 'bot')
      .map(({ body }) => body as { readonly content?: string; readonly head_content?: string })
      .map(({ content, head_content: head }) => content ?? head);
  const isShown = (text: string) => until(() => shown().includes(text));
  const isGiven = (text: string) => until(() => bot.texts.includes(text));
  const texts = () => bot.texts.filter((text) => text !== 'event');

  /** By the bot's own base, as the program sends it. */
  async function call(api: string, fields: object) {
    const token = (await (
      await fetch(`${bot.base}/gettoken?${new URLSearchParams(bot.credentials)}`)
    ).json()) as {
      readonly access_token: string;
    };
    const response = await fetch(`${bot.base}/${api}?access_token=${token.access_token}`, {
      method: 'POST',
      body: JSON.stringify({ open_kfid: openKfId, ...fields }),
    });
    const answer = (await response.json()) as { readonly errcode: number };
    return { errcode: answer.errcode, left: response.headers.get('x-wxkf-sends-left') };
  }

  const send = (content: string, fields: object = {}) =>
    call('kf/send_msg', { touser: wecom.firstCustomerId, msgtype: 'text', text: { content }, ...fields });

  async function records(): Promise<LoggedDeliveryPageAnswer['items']> {
    const answer = await scene.request('GET', `/api/v1/deliveries?openKfId=${openKfId}&limit=100`);
    return ((await answer.json()) as LoggedDeliveryPageAnswer).items;
  }
  const outcomes = async () => (await records()).map(({ outcome }) => outcome);

  const account = async () =>
    (await (await scene.request('GET', `/api/v1/accounts/${openKfId}`)).json()) as AccountAnswer;

  const status = async () => (await (await scene.request('GET', '/api/v1/status')).json()) as StatusAnswer;

  it('a customer asks for a person, is served, and comes back: the bot says nothing in between', async () => {
    await add();
    say('hi');
    await isGiven('hi');
    say(' 人工 ');
    await isShown('wait');
    expect(stateNow()).toBe(2);
    say('anybody?');
    act({ type: 'take', servicerUserid: 'lisi' });
    say('hello lisi');
    wecom.corp.servicerWrites(conversation(), 'lisi', 'How can I help?');
    act({ type: 'end', servicerUserid: 'lisi' });
    await isShown('bye');
    say('one more');
    await isGiven('one more');
    expect(texts()).toEqual(['hi', 'one more']);
    expect(shown()).toEqual(['wait', 'bye']);
    await until(async () => (await outcomes()).filter((outcome) => outcome === 'people').length === 2);
    expect(await outcomes()).toContain('handed_over');
    const asked = wecom.calls.records.filter(
      ({ api, request: sent }) => api === 'kf/service_state/get' && sent.includes(openKfId),
    );
    expect(asked).toHaveLength(1);
  });

  it('a customer who enters is welcomed while the bot is down, and the bot gets the event without the code', async () => {
    bot.isAway = true;
    await add(SETTINGS, { callback: { url: `${bot.server.url}/wxkf/`, timeoutMs: 500 } });
    wecom.corp.enter(openKfId, wecom.firstCustomerId);
    await isShown('Hello');
    bot.isAway = false;
    await until(() => bot.given.length > 0);
    expect(bot.given[0]?.entry).toMatchObject({ event: { event_type: 'enter_session' } });
    expect(JSON.stringify(bot.given)).not.toContain('welcome_code');
    await until(async () => (await outcomes()).includes('welcome'));
    const welcome = (await records()).find(({ outcome }) => outcome === 'welcome');
    expect(welcome).toMatchObject({ kind: 'text', webhookId: bot.given[0]?.webhookId });
    wecom.say('A person', { openKfId });
    wecom.corp.write(openKfId, wecom.firstCustomerId, 'text', { content: 'A person', menu_id: 'people' });
    await isShown('wait');
  });

  it('the bot hands over by its key, and by its own call of WeCom', async () => {
    const { key } = await add();
    say('hi');
    await isGiven('hi');
    const handOver = (text: string) =>
      fetch(`${scene.url}/puppetWxkfManager/sessions/handOver`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ openKfId, externalUserId: wecom.firstCustomerId, text }),
      });
    const answer = await handOver('Ann will help');
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { code: 0, message: 'success', outcome: 'moved' },
    ]);
    await isShown('Ann will help');
    expect(await (await handOver('again')).json()).toMatchObject({ outcome: 'already' });
    act({ type: 'take', servicerUserid: 'lisi' });
    act({ type: 'end', servicerUserid: 'lisi' });
    say('back');
    await isGiven('back');
    const ids = { external_userid: wecom.firstCustomerId };
    expect(await call('kf/service_state/trans', { ...ids, service_state: 2 })).toMatchObject({ errcode: 0 });
    say('to people');
    await until(async () => (await outcomes()).includes('people'));
    expect(texts()).toEqual(['hi', 'back']);
  });

  it('outside of the hours, and while nobody serves, the customer is told, and the bot goes on', async () => {
    const hours = {
      timeZone: 'UTC',
      open: [{ days: [1 + ((new Date().getUTCDay() + 2) % 7)], from: '00:00', to: '01:00' }],
      closed: 'we are closed',
    };
    const { id } = await add({ ...SETTINGS, hours });
    say('人工');
    await isShown('we are closed');
    await scene.request('PATCH', `/api/v1/bots/${id}`, { session: SETTINGS });
    for (const { userid } of wecom.corp.servicers.list(openKfId))
      wecom.corp.setServicerStatus(openKfId, userid, 'stopped');
    say('人工');
    await isShown('nobody is here');
    say('then you');
    await isGiven('then you');
    expect([texts(), stateNow()]).toEqual([['then you'], 0]);
  });

  it('a servicer who stops is known at once, and nobody is said', async () => {
    await add();
    say('人工');
    await isShown('wait');
    act({ type: 'take', servicerUserid: 'lisi' });
    act({ type: 'end', servicerUserid: 'lisi' });
    await isShown('bye');
    for (const { userid } of wecom.corp.servicers.list(openKfId))
      wecom.corp.setServicerStatus(openKfId, userid, 'stopped');
    say('人工');
    await isShown('nobody is here');
    say('then you');
    await isGiven('then you');
    expect([texts(), stateNow()]).toEqual([['then you'], 0]);
  });

  it('when none of the servicers takes the customer, nobody is said, and the bot goes on', async () => {
    const people = { ...SETTINGS.people, to: { servicers: ['lisi', 'zhangsan'] } };
    await add({ ...SETTINGS, people });
    say('人工');
    await isShown('wait');
    act({ type: 'end', servicerUserid: 'lisi' });
    await isShown('bye');
    // No event tells of it.
    for (const { userid } of wecom.corp.servicers.list(openKfId))
      wecom.corp.servicers.setStatus(openKfId, userid, 'stopped');
    say('人工');
    await isShown('nobody is here');
    say('then you');
    await isGiven('then you');
    expect([texts(), stateNow()]).toEqual([['then you'], 0]);
  });

  it('the budget is told with each send, as WeCom counts it', async () => {
    await add();
    say('hi');
    await isGiven('hi');
    const left: Awaited<ReturnType<typeof send>>[] = [];
    for (let n = 0; n < 6; n++) left.push(await send('reply'));
    expect(left.map((one) => one.left)).toEqual(['4', '3', '2', '1', '0', '0']);
    expect(left.at(-1)?.errcode).toBe(95_001);
    say('more');
    await isGiven('more');
    expect(await send('reply')).toEqual({ errcode: 0, left: '4' });
  });

  it('a message that never went out is not taken from the budget', async () => {
    await add();
    say('hi');
    await isGiven('hi');
    expect(await send('one')).toEqual({ errcode: 0, left: '4' });
    const comeBack = await scene.sends.leave();
    expect(await send('nobody is there')).toEqual({ errcode: 504, left: null });
    await comeBack();
    expect(await send('two')).toEqual({ errcode: 0, left: '3' });
  });

  it('a message with a msgid counts once, whether WeCom had it or its answer was lost', async () => {
    await add();
    say('hi');
    await isGiven('hi');
    scene.sends.faults.push('answer lost', 'call lost');
    for (const msgid of ['had', 'new']) expect(await send(msgid, { msgid })).toMatchObject({ errcode: 504 });
    expect(await send('had', { msgid: 'had' })).toEqual({ errcode: 40_058, left: '3' });
    expect(await send('new', { msgid: 'new' })).toEqual({ errcode: 0, left: '3' });
    expect(await send('new', { msgid: 'new' })).toEqual({ errcode: 40_058, left: '3' });
    scene.sends.faults.push(45_009);
    expect(await send('busy', { msgid: 'busy' })).toEqual({ errcode: 45_009, left: '3' });
    expect(await send('busy', { msgid: 'busy' })).toEqual({ errcode: 0, left: '2' });
    expect(shown()).toEqual(['had', 'new', 'busy']);
  });

  it('after 95026 nothing is left, and no account is told to fail', async () => {
    await add();
    say('hi');
    await isGiven('hi');
    scene.sends.faults.push(95_026);
    expect(await send('one too many')).toEqual({ errcode: 95_026, left: '0' });
    expect((await account()).causes).toEqual([]);
    const metrics = await (await scene.request('GET', '/metrics')).text();
    expect(metrics).toContain('errcode="95026"');
  });

  it('a reply that people stand in the way of makes the bot silent', async () => {
    await add({});
    say('hi');
    await isGiven('hi');
    // Nobody is told of this one: the local WeCom tells of no transfer by the API of another program.
    act({ type: 'transfer', to: 2, servicerUserid: null });
    expect(await send('reply')).toMatchObject({ errcode: 95_018 });
    say('for people');
    await until(async () => (await outcomes()).includes('people'));
    expect(texts()).toEqual(['hi']);
  });

  it('who the customer is, and what is to be said, is shown nowhere and stored sealed', async () => {
    await add({ ...SETTINGS, ended: { text: 'a text for nobody else' } });
    say('hi');
    await isGiven('hi');
    wecom.faults.apiBusy = true;
    act({ type: 'transfer', to: 3, servicerUserid: 'lisi' });
    act({ type: 'end', servicerUserid: 'lisi' });
    await until(() =>
      wecom.calls.records.some(({ api, errcode }) => api === 'kf/sync_msg' && errcode === -1),
    );
    wecom.faults.apiBusy = false;
    await isShown('a text for nobody else');
    const paths = ['/metrics', '/api/v1/deliveries', '/api/v1/accounts', '/api/v1/wecom-errors/calls'];
    const answers = await Promise.all(paths.map(async (path) => (await scene.request('GET', path)).text()));
    for (const shown of [...answers, scene.manager.output()])
      expect(shown).not.toContain(wecom.firstCustomerId);
    expect(await findStored(scene.place, [wecom.firstCustomerId])).toEqual([]);
  });

  it('a kill in between leaves no text out, and sends none twice', async () => {
    await add();
    say('hi');
    await isGiven('hi');
    wecom.faults.apiDelayMs = 300;
    say('人工');
    await until(() => wecom.calls.records.some(({ api, request: sent }) => isTransfer(api, sent)));
    wecom.faults.apiDelayMs = 0;
    await scene.restart('SIGKILL');
    say('anybody?');
    act({ type: 'take', servicerUserid: 'lisi' });
    act({ type: 'end', servicerUserid: 'lisi' });
    await isShown('bye');
    expect(shown().filter((text) => text === 'wait').length).toBeLessThan(2);
    expect(shown().filter((text) => text === 'bye')).toHaveLength(1);
    expect(texts()).not.toContain('anybody?');
    const isTransferred = ({ api, request: sent }: { readonly api: string; readonly request: string }) =>
      isTransfer(api, sent);
    expect(wecom.calls.records.filter(isTransferred)).toHaveLength(1);
  });

  const isTransfer = (api: string, sent: string) =>
    api === 'kf/service_state/trans' && sent.includes(openKfId);

  it('customers are counted, and one who waits too long for a person is a cause', async () => {
    await add();
    say('人工');
    await isShown('wait');
    await until(async () => (await account()).sessions?.pool === 1);
    expect((await account()).sessions).toMatchObject({ bot: 0, people: 0, poolSince: expect.any(String) });
    expect((await status()).sessions?.pool).toBeGreaterThanOrEqual(1);
    await until(async () => (await account()).causes.some(({ code }) => code === 'people_wait'));
    act({ type: 'take', servicerUserid: 'lisi' });
    await until(async () => (await account()).sessions?.people === 1);
    wecom.corp.servicerWrites(conversation(), 'lisi', 'good morning');
    await until(async () => (await account()).causes.length === 0);
  });

  it('without a session everything is the bot’s', async () => {
    await add(null);
    wecom.corp.enter(openKfId, wecom.firstCustomerId);
    say('人工');
    await isGiven('人工');
    act({ type: 'transfer', to: 2, servicerUserid: null });
    say('to people');
    await isGiven('to people');
    expect(JSON.stringify(bot.given)).toContain('welcome_code');
    expect(await send('reply')).toEqual({ errcode: 95_018, left: null });
    expect((await account()).sessions).toBeNull();
  });
});
