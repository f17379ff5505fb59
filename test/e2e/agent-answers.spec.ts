/** What `docs/agents.md` promises of questions and answers: the built process, the local WeCom, and a stand-in of a service. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { LoggedDeliveryPageAnswer } from '../../src/api/log/logged-delivery.dto.js';
import type { SessionSettings } from '../../src/registry/bots/session.dto.js';
import type { Asked } from '../../packages/simulator/services/service-forms.js';
import { STAND_IN_KEY, StandInService } from '../../packages/simulator/services/stand-in-service.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { scrape } from '../support/metrics.js';
import { findStored } from '../support/stored-bytes.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const CUSTOMERS = ['anna', 'ben', 'carl'];
/** A question whose answer waits until the test lets it go. */
const SLOW = 'slow';
const MARK = '[PERSON]';
const PEOPLE: SessionSettings = { people: { to: 'pool', waiting: 'wait', nobody: 'nobody is here' } };

let scene: Scene;
let wecom: Simulator;
let service: StandInService;
let answerTo: (asked: Asked) => string;
/** Of answers that are held back, the oldest first. */
let held: (() => void)[];
let openKfId: string;
let botId: string;

beforeAll(async () => {
  scene = await Scene.open({ customers: CUSTOMERS, env: { MESSAGE_TRIES: '2' } });
  ({ wecom } = scene);
});

afterAll(() => scene.close());

beforeEach(async () => {
  held = [];
  openKfId = scene.newAccount();
  answerTo = ({ text }) => `Re: ${text}`;
  service = await StandInService.start({
    answer: (asked) => answerTo(asked),
    after: (_ms, run) => held.push(run),
  });
  service.faults.delayMs = () => Number(service.asked.at(-1)?.text.startsWith(SLOW));
});

afterEach(async () => {
  await scene.request('DELETE', `/api/v1/bots/${botId}`);
  await service.close();
});

async function add(agent: object = {}, more: object = {}): Promise<void> {
  const bot = await scene.addBot({
    ...{ name: 'Agent', openKfIds: [openKfId], kind: 'agent' },
    agent: { form: 'dify', url: service.urlOf('dify'), key: STAND_IN_KEY, ...agent },
    ...more,
  });
  botId = bot.id;
}

async function change(agent: object): Promise<{ status: number; message?: string }> {
  const response = await scene.request('PATCH', `/api/v1/bots/${botId}`, { agent });
  return { ...((await response.json()) as object), status: response.status };
}

const bot = async () =>
  (await (await scene.request('GET', `/api/v1/bots/${botId}`)).json()) as BotCreatedAnswer;
const failure = async () => (await bot()).lastFailure;
const customer = (n: number): string => wecom.customers[n]?.externalUserId ?? '';
const say = (text: string, n = 0) => wecom.say(text, { openKfId, externalUserId: customer(n) });
const write = (msgtype: string, body: object) =>
  wecom.corp.write(openKfId, customer(0), msgtype, { ...body });
/** What the customer was sent, in order. */
const sentTo = (n = 0): string[] =>
  wecom.corp.chat.messages
    .filter((one) => one.openKfId === openKfId && one.externalUserId === customer(n) && one.from === 'bot')
    .map(({ body }) => String((body as { content?: string }).content));
const isSent = (text: string, n = 0) => until(() => sentTo(n).includes(text));
const questions = () => service.asked.map(({ text }) => text);
const line = (msg: string) => scene.manager.line((one) => one.msg === msg && one.openKfId === openKfId);

async function outcomes(): Promise<string[]> {
  const response = await scene.request('GET', `/api/v1/deliveries?openKfId=${openKfId}&limit=100`);
  return ((await response.json()) as LoggedDeliveryPageAnswer).items.map(({ outcome }) => outcome);
}

async function dead(): Promise<MessagePageAnswer['items']> {
  const response = await scene.request('GET', `/api/v1/messages?state=dead&openKfId=${openKfId}`);
  return ((await response.json()) as MessagePageAnswer).items;
}

it('an agent of all accounts that no other bot has answers, and its page and the metrics show it', async () => {
  await add({}, { openKfIds: ['*'] });
  expect(await bot()).toMatchObject({ lastTakenAt: null });
  say('Hello');
  await isSent('Re: Hello');
  await until(async () => (await bot()).lastTakenAt !== null);
  const metrics = await scrape(scene.url);
  expect(metrics.sum('wxkf_agent_duration_seconds_count', { result: 'answered' })).toBe(1);
  expect(metrics.value('wxkf_agent_tokens_total')).toBe(19);
});

it('the key of a service is stored sealed, and is sent to no other host', async () => {
  await add();
  expect(await findStored(scene.place, [STAND_IN_KEY])).toEqual([]);
  expect(await change({ url: 'http://127.0.0.1:1/v1' })).toMatchObject({
    status: 400,
    message: expect.stringContaining('agent.key'),
  });
  expect(await change({ url: 'http://127.0.0.1:1/v1', key: 'another' })).toMatchObject({ status: 200 });
});

it('an empty text takes a text away, and the other settings stay', async () => {
  await add({ unsupported: 'Only text, please.', reset: ['anew'] });
  expect(await change({ unsupported: '' })).toMatchObject({ status: 200 });
  write('image', { media_id: 'm' });
  say('anew');
  await isSent('All right, let us begin anew.');
  expect(sentTo()).toEqual(['All right, let us begin anew.']);
});

it('a link, a place and the title of a forwarded chat go to the service as text', async () => {
  await add();
  write('link', { title: 'A shop', desc: 'It sells tea', url: 'https://shop.example/1' });
  write('location', { name: 'The office', address: '1 Main Street', latitude: 1, longitude: 2 });
  write('merged_msg', { title: 'Chat of A and B', item: [] });
  await until(() => sentTo().length === 3);
  expect(questions()).toEqual([
    'A shop\nIt sells tea\nhttps://shop.example/1',
    'The office\n1 Main Street',
    'Chat of A and B',
  ]);
});

it('links keep their address, and a long answer is cut after a paragraph', async () => {
  const paragraph = 'word '.repeat(300).trim();
  answerTo = () => `See [our shop](https://shop.example/1).\n\n${paragraph}\n\n${paragraph}`;
  await add();
  say('Hello');
  await until(() => sentTo().length === 2);
  const [first, second] = sentTo();
  expect(first).toContain('our shop');
  expect(first).toContain('https://shop.example/1');
  expect(first?.endsWith(paragraph)).toBe(true);
  expect(second).toBe(paragraph);
});

it('a conversation goes on after a restart of the manager', async () => {
  await add();
  say('Hello');
  await isSent('Re: Hello');
  await scene.restart();
  say('And then?');
  await isSent('Re: And then?');
  const [first, second] = service.asked;
  expect([first?.conversationId, second?.conversationId]).toEqual(['', expect.stringMatching(/./)]);
});

it('a service that takes longer than timeoutMs is shown so, and answers once it may take longer', async () => {
  await add({ timeoutMs: 1_000 });
  say(SLOW);
  await until(async () => (await failure())?.stage === 'timeout');
  expect(await bot()).toMatchObject({
    causes: [{ code: 'agent_fails', why: 'timeout' }],
    lastFailure: { reason: expect.stringContaining('within 1 s') },
  });
  expect(await change({ timeoutMs: 60_000 })).toMatchObject({ status: 200 });
  service.faults.delayMs = () => 0;
  await isSent(`Re: ${SLOW}`);
});

it.each([
  ['busy', 'the service takes no more questions right now'],
  ['unpublished', 'the service does not have what is asked for'],
  ['filtered', 'the service has withheld its answer'],
] as const)('an answer refused as %s is told in words', async (refusal, words) => {
  service.faults.refusal = refusal;
  await add({ form: 'openai', url: service.urlOf('openai'), model: 'stand-in' });
  say('Hello');
  await until(async () => (await failure()) !== null);
  expect((await failure())?.reason).toContain(words);
});

it('a wrong URL is told in words', async () => {
  await add({ url: `${service.urlOf('dify')}/v1` });
  say('Hello');
  await until(async () => (await failure()) !== null);
  expect((await failure())?.reason).toContain('nothing is at agent.url');
});

it('a question that the service refuses too often is dead, and answered when an operator sends it again', async () => {
  await add();
  service.faults.refusal = 'error';
  say('Hello');
  await until(async () => (await dead()).length === 1);
  expect(questions()).toEqual(['Hello', 'Hello']);
  service.faults.refusal = null;
  const [message] = await dead();
  const path = `/api/v1/messages/${openKfId}/${message?.webhookId}/replay`;
  expect((await scene.request('POST', path)).status).toBe(200);
  await isSent('Re: Hello');
});

it('an answer that WeCom cannot take now is kept, and sent later without asking the service again', async () => {
  await add();
  scene.sends.faults.push(-1);
  say('Hello');
  await until(async () => (await failure())?.stage === 'reply');
  await isSent('Re: Hello');
  expect([questions(), sentTo()]).toEqual([['Hello'], ['Re: Hello']]);
});

it('an answer that WeCom refuses is dropped, the log has the errcode, and the next one goes out', async () => {
  await add();
  scene.sends.faults.push(95_018);
  say('Hello');
  expect(await line('agent.unsent')).toMatchObject({ errcode: 95_018 });
  say('Again');
  await isSent('Re: Again');
  expect([questions(), sentTo(), await dead()]).toEqual([['Hello', 'Again'], ['Re: Again'], []]);
});

it('an errcode that the manager does not know is tried once more before the answer is dropped', async () => {
  await add();
  scene.sends.faults.push(12_345, 12_345);
  say('Hello');
  expect(await line('agent.unsent')).toMatchObject({ errcode: 12_345 });
  say('Again');
  await isSent('Re: Again');
  expect([questions(), sentTo(), scene.sends.faults]).toEqual([['Hello', 'Again'], ['Re: Again'], []]);
});

it('a customer who waits for their turn is told so, unless only one more message may follow', async () => {
  answerTo = ({ text }) => (text === `${SLOW} 0` ? 'x'.repeat(8_000) : `Re: ${text}`);
  await add({ concurrency: 1, fallback: 'One moment.', fallbackAfterS: 5 });
  say(`${SLOW} 0`);
  await until(() => held.length === 1);
  // Four messages follow this one before it is asked.
  say(`${SLOW} 1`);
  held.shift()?.();
  await until(() => sentTo().length === 4 && held.length === 1);
  say('Hello', 1);
  await isSent('One moment.', 1);
  expect(sentTo()).toHaveLength(4);
  held.shift()?.();
  await isSent(`Re: ${SLOW} 1`);
  await isSent('Re: Hello', 1);
  expect([sentTo().length, sentTo(1)]).toEqual([5, ['One moment.', 'Re: Hello']]);
});

it('a hand-over for which WeCom cannot be asked now is tried again', async () => {
  answerTo = () => {
    wecom.faults.apiBusy = true;
    return MARK;
  };
  await add({ handOverMark: MARK }, { session: PEOPLE });
  say('A person!');
  await until(async () => (await failure())?.stage === 'reply');
  wecom.faults.apiBusy = false;
  await isSent('wait');
  expect([questions(), sentTo()]).toEqual([['A person!'], ['wait']]);
});

it('a hand-over that the state of the session forbids is told in the log, and the customer is not told that nobody is there', async () => {
  answerTo = () => {
    // A person takes the customer, and nothing tells of it.
    const conversation = wecom.corp.conversation(openKfId, customer(0));
    wecom.corp.act(conversation, { type: 'transfer', to: 3, servicerUserid: 'lisi' });
    return MARK;
  };
  await add({ handOverMark: MARK }, { session: PEOPLE });
  say('A person!');
  expect(await line('agent.not_handed_over')).toMatchObject({ bot: botId });
  say('Are you there?');
  await until(async () => (await outcomes()).includes('people'));
  expect([questions(), sentTo()]).toEqual([['A person!'], []]);
});
