/** Bots without a program: a stand-in of a service answers customers of the local WeCom; on MongoDB and on the embedded store. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AppPageAnswer } from '../../src/api/apps/apps.dto.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { SessionSettings } from '../../src/registry/bots/session.dto.js';
import { STAND_IN_KEY, StandInService } from '../../packages/simulator/services/stand-in-service.js';
import type { Asked, ServiceForm } from '../../packages/simulator/services/service-forms.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { onEachStore } from '../support/each-store.js';
import type { Place } from '../support/place.js';
import { findStored } from '../support/stored-bytes.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const SHARED: SessionSettings = {
  welcome: { text: 'Hello' },
  people: { to: 'pool', waiting: 'wait', nobody: 'nobody is here' },
  ended: { text: 'bye' },
};
const CUSTOMERS = Array.from({ length: 12 }, (_, n) => `customer ${n}`);

function agentsIn(newPlace: () => Place): void {
  let scene: Scene;
  let wecom: Simulator;
  let service: StandInService;
  let openKfId: string;
  let answerTo: (asked: Asked) => string;

  beforeAll(async () => {
    scene = await Scene.open({ place: newPlace(), accounts: 24, customers: CUSTOMERS });
    ({ wecom } = scene);
  });

  afterAll(() => scene.close());

  beforeEach(async () => {
    openKfId = scene.newAccount();
    answerTo = ({ text }) => `Re: ${text}`;
    service = await StandInService.start({ answer: (asked) => answerTo(asked) });
  });

  afterEach(() => service.close());

  const add = (form: ServiceForm, agent: object = {}, session: SessionSettings | null = null) =>
    scene.addBot({
      ...{ name: 'Agent', openKfIds: [openKfId], kind: 'agent', session },
      agent: {
        ...{ form, url: service.urlOf(form), key: STAND_IN_KEY },
        ...(form === 'openai' ? { model: 'stand-in' } : { botId: 'b' }),
        ...agent,
      },
    });

  const shown = async (id: string) =>
    (await (await scene.request('GET', `/api/v1/bots/${id}`)).json()) as BotCreatedAnswer;
  const customer = (n: number): string => wecom.customers[n]?.externalUserId ?? '';
  const say = (text: string, n = 0) => wecom.say(text, { openKfId, externalUserId: customer(n) });
  /** What the customer was sent, in order. */
  const sentTo = (n = 0): string[] =>
    wecom.corp.chat.messages
      .filter((one) => one.openKfId === openKfId && one.externalUserId === customer(n) && one.from === 'bot')
      .map(({ body }) => String((body as { content?: string }).content));
  const hasSent = (count: number, n = 0) => until(() => sentTo(n).length >= count);
  const conversation = () => wecom.corp.conversation(openKfId, customer(0));

  /** A message of the bot's own program, by its key. @returns how many WeCom takes after it, as the manager says. */
  async function sendByKey({ key }: BotCreatedAnswer, content: string): Promise<number> {
    const base = `${scene.url}/bot/${key}/cgi-bin`;
    const credentials = new URLSearchParams({ corpid: wecom.corpId, corpsecret: wecom.corpSecret });
    const token = (await (await fetch(`${base}/gettoken?${credentials}`)).json()) as { access_token: string };
    const response = await fetch(`${base}/kf/send_msg?access_token=${token.access_token}`, {
      method: 'POST',
      body: JSON.stringify({
        ...{ touser: customer(0), open_kfid: openKfId },
        ...{ msgtype: 'text', text: { content } },
      }),
    });
    expect(await response.json()).toMatchObject({ errcode: 0 });
    return Number(response.headers.get('x-wxkf-sends-left') ?? Number.NaN);
  }

  it.each(['openai', 'fastgpt', 'dify', 'coze'] as const)(
    'a customer talks with a service of form %s',
    async (form) => {
      await add(form, form === 'openai' ? { history: 2 } : {});
      say('Hello');
      await hasSent(1);
      say('And then?');
      await hasSent(2);
      say('新对话');
      await hasSent(3);
      say('Once more');
      await hasSent(4);
      expect(sentTo()).toEqual(['Re: Hello', 'Re: And then?', '好的，我们开始新的对话。', 'Re: Once more']);
      const [first, second, third] = service.asked;
      expect(new Set(service.asked.map(({ user }) => user)).size).toBe(1);
      expect(first?.user).not.toContain(customer(0));
      if (form === 'openai') expect(service.asked.map(({ history }) => history)).toEqual([0, 2, 0]);
      else {
        expect(second?.conversationId).not.toBe('');
        expect(third?.conversationId).not.toBe(second?.conversationId);
      }
      expect(await findStored(scene.place, ['And then?', 'Once more'])).toEqual([]);
    },
  );

  it('an agent is a bot of its app', async () => {
    const bots = async () => {
      const { items } = (await (await scene.request('GET', '/api/v1/apps')).json()) as AppPageAnswer;
      return items.find(({ corpId }) => corpId === wecom.corpId)?.bots ?? 0;
    };
    const before = await bots();
    await add('dify');
    expect(await bots()).toBe(before + 1);
  });

  it('a long answer comes in parts, without marks, the last one cut off', async () => {
    answerTo = () => `**长长**${'长'.repeat(4_000)}`;
    await add('dify');
    say('Tell me all');
    await hasSent(5);
    const parts = sentTo();
    expect(parts.every((part) => Buffer.byteLength(part) <= 2_048 && /^长+…?$/.test(part))).toBe(true);
    expect(parts[4]?.endsWith('…')).toBe(true);
  });

  it('an answer with the mark hands the customer over, who is not sent the mark', async () => {
    answerTo = ({ text }) => (text === 'A person!' ? 'A colleague will help you. [PERSON]' : `Re: ${text}`);
    await add('dify', { handOverMark: '[PERSON]' }, SHARED);
    say('A person!');
    await until(() => sentTo().includes('wait'));
    expect(sentTo().toSorted()).toEqual(['A colleague will help you.', 'wait']);
    expect(conversation().session(wecom.corp.nowMs).state).toBe(2);
    say('Are you there?');
    wecom.corp.act(conversation(), { type: 'take', servicerUserid: 'lisi' });
    wecom.corp.act(conversation(), { type: 'end', servicerUserid: 'lisi' });
    await until(() => sentTo().includes('bye'));
    say('Thank you');
    await until(() => sentTo().includes('Re: Thank you'));
    expect(service.asked.map(({ text }) => text)).toEqual(['A person!', 'Thank you']);
  });

  it('an answer with the mark in Markdown or in itself hands the customer over, who is sent the words alone', async () => {
    const answers = [
      '**[PERSON]** One moment.',
      '`[PERSON]` One moment.',
      '[PER[PERSON]SON] One moment.',
      '\\[PERSON\\] One moment.',
      '```\n[PERSON]\n```\nOne moment. [PER**[PERSON]**SON]',
    ];
    answerTo = ({ text }) => answers[Number(text)] ?? '';
    await add('dify', { handOverMark: '[PERSON]' }, SHARED);
    for (const n of answers.keys()) say(String(n), n);
    for (const n of answers.keys()) {
      await hasSent(2, n);
      expect(sentTo(n).toSorted()).toEqual(['One moment.', 'wait']);
      const { state } = wecom.corp.conversation(openKfId, customer(n)).session(wecom.corp.nowMs);
      expect(state).toBe(2);
    }
  });

  it('when nobody takes the customer whom an answer hands over, the customer is told so', async () => {
    answerTo = () => 'A colleague will help you. [PERSON]';
    const people = { to: { servicers: ['lisi'] }, nobody: 'nobody is here' };
    await add('dify', { handOverMark: '[PERSON]' }, { people });
    wecom.corp.setServicerStatus(openKfId, 'lisi', 'stopped');
    say('A person!');
    await until(() => sentTo().includes('nobody is here'));
    expect(sentTo().toSorted()).toEqual(['A colleague will help you.', 'nobody is here']);
    expect(conversation().session(wecom.corp.nowMs).state).toBe(0);
  });

  it('a mark that hands over is refused without words for when nobody takes the customer', async () => {
    const refusal = {
      message: expect.stringContaining('agent.handOverMark needs session.people.nobody'),
    };
    const mark = { handOverMark: '[PERSON]' };
    const refused = async (path: string, method: string, body: object) => {
      const response = await scene.request(method, path, body);
      return { status: response.status, ...((await response.json()) as object) };
    };
    await expect(add('dify', mark, { people: { to: 'pool' } })).rejects.toThrow('session.people.nobody');
    const { id } = await add('dify', mark, SHARED);
    const path = `/api/v1/bots/${id}`;
    for (const session of [null, { people: { to: 'pool' } }])
      expect(await refused(path, 'PATCH', { session })).toMatchObject({ status: 400, ...refusal });
    expect((await scene.request('PATCH', path, { session: null, agent: { handOverMark: '' } })).status).toBe(
      200,
    );
    expect(await refused(path, 'PATCH', { agent: mark })).toMatchObject({ status: 400, ...refusal });
  });

  it('a customer of an agent who enters is welcomed', async () => {
    await add('dify', {}, SHARED);
    wecom.corp.enter(openKfId, customer(0));
    await hasSent(1);
    expect(sentTo()).toEqual(['Hello']);
  });

  it('what an agent sends is counted by the session', async () => {
    const bot = await add('dify', {}, SHARED);
    say('Hello');
    await hasSent(1);
    expect(await sendByKey(bot, 'one more')).toBe(3);
  });

  it('an answer is counted once by the session, though it could not be sent at first, or is sent again', async () => {
    const bot = await add('dify', {}, SHARED);
    service.faults.delayMs = () => 500;
    say('Hello');
    await until(() => service.asked.length === 1);
    const comeBack = await scene.sends.leave();
    await until(async () => (await shown(bot.id)).lastFailure?.stage === 'reply');
    await comeBack();
    await hasSent(1);
    expect(await sendByKey(bot, 'one more')).toBe(3);
    scene.sends.faults.push('call lost', 'answer lost');
    say('And then?');
    await hasSent(3);
    await until(() => scene.sends.faults.length === 0);
    expect(await sendByKey(bot, 'one more')).toBe(3);
    expect(sentTo()).toEqual(['Re: Hello', 'one more', 'Re: And then?', 'one more']);
  });

  it('what is no text is answered once a minute, and events are not answered', async () => {
    await add('dify', { unsupported: 'Only text, please.' });
    const picture = { media_id: 'm' };
    wecom.corp.write(openKfId, customer(0), 'image', picture);
    await hasSent(1);
    wecom.corp.write(openKfId, customer(0), 'image', picture);
    say('A text');
    await hasSent(2);
    expect(sentTo()).toEqual(['Only text, please.', 'Re: A text']);
  });

  it('a customer who waits is told so once, and is answered all the same', async () => {
    await add('dify', { fallback: 'One moment.', fallbackAfterS: 5 });
    service.faults.delayMs = () => 7_000;
    say('Hard one');
    await hasSent(2);
    expect(sentTo()).toEqual(['One moment.', 'Re: Hard one']);
  });

  it('an answer that takes longer than a lease is asked for once and sent once, and the next question waits for it', async () => {
    await add('dify', { timeoutMs: 60_000 });
    // A lease is for 15 s.
    const delaysMs = [18_000];
    service.faults.delayMs = () => delaysMs.shift() ?? 0;
    for (const text of ['Hard one', 'Next one']) say(text);
    await hasSent(2);
    expect(service.asked.map(({ text }) => text)).toEqual(['Hard one', 'Next one']);
    expect(sentTo()).toEqual(['Re: Hard one', 'Re: Next one']);
  });

  it('customers are told so while a service is away and gets nothing but probes, and are answered when it is back', async () => {
    const { id } = await add('dify', { fallback: 'One moment.', fallbackAfterS: 5 });
    const port = Number(new URL(service.urlOf('dify')).port);
    await service.close();
    for (const who of [0, 1, 2]) say('Hello', who);
    await until(async () => (await shown(id)).lastFailure?.stage === 'connect');
    for (const [who] of CUSTOMERS.entries()) if (who > 2) say('Hello', who);
    for (const [who] of CUSTOMERS.entries()) await hasSent(1, who);
    service = await StandInService.start({ port, answer: (asked) => answerTo(asked) });
    for (const [who] of CUSTOMERS.entries()) {
      await hasSent(2, who);
      expect(sentTo(who)).toEqual(['One moment.', 'Re: Hello']);
    }
  });

  it('a conversation that the service has forgotten begins anew, and a customer is answered once', async () => {
    await add('dify');
    say('Hello');
    await hasSent(1);
    service.faults.forgets = true;
    say('Still there?');
    await hasSent(2);
    expect(service.asked.map(({ conversationId }) => conversationId !== '')).toEqual([false, true, false]);
    expect(sentTo()).toEqual(['Re: Hello', 'Re: Still there?']);
  });

  it('a service that refuses the key is shown so, and answers once the key is right', async () => {
    const { id } = await add('dify', { key: 'wrong-key' });
    say('Hello');
    await until(async () => (await shown(id)).lastFailure?.stage === 'key');
    expect(await shown(id)).toMatchObject({ causes: [{ code: 'agent_fails', why: 'key', severity: 'bad' }] });
    expect(JSON.stringify(await shown(id))).not.toMatch(/wrong-key/);
    expect(
      (await scene.request('PATCH', `/api/v1/bots/${id}`, { agent: { key: STAND_IN_KEY } })).status,
    ).toBe(200);
    await hasSent(1);
    await until(async () => (await shown(id)).causes.length === 0);
    expect(scene.manager.output()).not.toMatch(/wrong-key|stand-in-key|Hello/);
  });

  it('an operator asks a service before it answers anybody, and is told what is wrong', async () => {
    const test = async (body: object) => {
      const response = await scene.request('POST', '/api/v1/agents/test', {
        question: 'Who are you?',
        ...body,
      });
      return { status: response.status, ...((await response.json()) as object) };
    };
    const agent = { form: 'dify', url: service.urlOf('dify'), key: STAND_IN_KEY };
    expect(await test({ agent })).toMatchObject({
      ...{
        status: 200,
        answered: true,
        result: 'answered',
        parts: ['Re: Who are you?'],
        tokens: 26,
        fault: null,
      },
    });
    const { id } = await add('dify');
    expect(await test({ botId: id })).toMatchObject({ answered: true });
    expect(await test({ botId: id, agent: { key: 'another' } })).toMatchObject({
      ...{ status: 200, answered: false, result: 'key', parts: [] },
      fault: 'the service refuses the key; make a new one there, and set agent.key (401 unauthorized)',
    });
    expect(await test({ agent: { ...agent, url: 'http://169.254.169.254' } })).toMatchObject({ status: 400 });
    const elsewhere = await test({ botId: id, agent: { url: 'http://127.0.0.1:1/v1' } });
    expect(elsewhere).toMatchObject({
      status: 400,
      message: expect.stringContaining('agent.key is missing'),
    });
    expect(await test({ botId: 'nobody' })).toMatchObject({ status: 404 });
  });

  describe('a service that is slow, fails and breaks off', () => {
    it('answers each customer each message once and in order, over a kill of the manager', async () => {
      await add('dify', { concurrency: 8 });
      Object.assign(service.faults, { failOneIn: 10, cutOneIn: 9, delayMs: () => 50 + Math.random() * 300 });
      for (let n = 0; n < 4; n++) for (const [who] of CUSTOMERS.entries()) say(`${who}-${n}`, who);
      await until(() => service.asked.length > 15);
      await scene.restart('SIGKILL');
      for (const [who] of CUSTOMERS.entries()) await hasSent(4, who);
      expect(CUSTOMERS.map((_, who) => sentTo(who))).toEqual(
        CUSTOMERS.map((_, who) => [0, 1, 2, 3].map((n) => `Re: ${who}-${n}`)),
      );
      expect(service.underWayMax).toBeGreaterThan(4);
      // Those that were under way at the kill end at the service by themselves.
      expect(service.underWayMax).toBeLessThanOrEqual(16);
    });
  });
}

onEachStore(agentsIn);
