import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { knownBot } from '../../test/support/bots.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryRecords } from '../../test/support/memory-records.js';
import type { Parcel } from '../dispatch/endpoint/parcel.js';
import type { AttemptResult } from '../dispatch/endpoint/attempt.js';
import { HealthyLogLines } from '../kernel/healthy-log-lines.js';
import { AppError } from '../kernel/app-error.js';
import { Secret } from '../kernel/secret.js';
import { Metrics } from '../metrics/metrics.js';
import { type Endpoint, readEndpoint } from '../registry/endpoint/endpoint.js';
import type { OpenBot } from '../registry/bots/known-bots.js';
import { AGENT_DEFAULTS, type AgentDto } from '../registry/bots/agent.dto.js';
import { AnswerLost } from '../wecom/client/own-calls.js';
import type { KfAnswer, KfCall, KfCalls } from '../wecom/calls/kf-calls.js';
import type { People } from '../wecom/calls/people.js';
import type { SessionCalls } from '../wecom/calls/session-calls.js';
import { AgentCarrier } from './agent-carrier.js';
import { AgentLog } from './agent-log.js';
import { AgentQuestions } from './agent-questions.js';
import { ReplySender } from './reply-sender.js';
import { AgentMetrics } from './agent-metrics.js';
import { readAnswer } from './answer/plain-text.js';
import { Conversations } from './conversations.js';
import { Fallbacks } from './fallbacks.js';
import { NOTHING_SAID, type Question, refused } from './forms/form.js';
import { Replies } from './replies.js';
import { msgidOf, AgentSender } from './agent-sender.js';
import type { Answer } from './service/call.js';
import type { ServiceClient } from './service/service-client.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const CUSTOMER = 'wmCustomer';
const HOUR_MS = 3_600_000;

let clock: ManualClock;
let records: MemoryRecords;
const ENDPOINT = readEndpoint('https://ai.example/v1') as Endpoint;

let bot: OpenBot;
let conversations: Conversations;
let carrier: AgentCarrier;
let asked: Question[];
let answerTo: (question: Question) => Answer | Promise<Answer>;
let sent: { readonly msgid: string; readonly text: { readonly content: string } }[];
let sendTo: (call: KfCall) => KfAnswer;
let handedOver: string[];
/** What the customer's session learns: API, customer and errcode. */
let followed: unknown[];
let handOver: People['handOver'];
let log: string;

beforeEach(() => {
  clock = new ManualClock();
  records = new MemoryRecords();
  [asked, sent, handedOver, followed, log] = [[], [], [], [], ''];
  answerTo = ({ text }) => said(`Re: ${text}`);
  sendTo = () => ({ fields: {} });
  handOver = async (_bot, _account, customer) => handedOver.push(customer) > 0;
  start();
});

const said = (text: string): Answer => ({
  said: { ...NOTHING_SAID, ...readAnswer(text, '[human]'), isWhole: true },
});

/** As a process does that finds what an earlier one has kept. */
function start(agent: AgentDto = {}): void {
  const service = { ...AGENT_DEFAULTS, url: 'https://ai.example/v1', model: 'm', ...agent };
  const taking = { takes: 'message', order: 'customer' } as const;
  bot = knownBot({ kind: 'agent', callback: null, ...taking, agent: service });
  const calls = {
    call: async (call: KfCall) => {
      const answer = sendTo(call);
      if ('fields' in answer) sent.push(call.body as (typeof sent)[number]);
      return answer;
    },
  } as unknown as KfCalls;
  const client = {
    ask: (_service: unknown, question: Question) => {
      asked.push(question);
      return { answer: Promise.resolve(answerTo(question)), withdraw: () => false };
    },
  } as unknown as ServiceClient;
  conversations = new Conversations(records, clock);
  const replies = new Replies(records, clock);
  const sessions: SessionCalls = {
    begin: async (_bot, api, body) => ({
      answered: (errcode) => followed.push([api, body.touser, errcode]),
      notSent: () => void followed.push([api, body.touser, 'not sent']),
      read: () => {},
    }),
  };
  const sending = new AgentSender(calls, sessions);
  const lines = pino({ level: 'info' }, { write: (line: string) => void (log += line) });
  const agentLog = new AgentLog(lines, new HealthyLogLines(1));
  const fallbacks = new Fallbacks(conversations, replies, sending, agentLog, clock);
  const people: People = { handOver: (...asked) => handOver(...asked) };
  const questions = new AgentQuestions(client, new AgentMetrics(new Metrics()), agentLog, clock);
  const sender = new ReplySender(conversations, replies, sending, people, agentLog, clock);
  carrier = new AgentCarrier(questions, conversations, replies, sender, fallbacks, agentLog, clock);
}

/** A customer's message, as a carrier is given it. */
function asAsked(id: string, text: string, ageMs = 0, entry: object = {}): Parcel {
  const content = {
    origin: 3,
    msgtype: 'text',
    external_userid: CUSTOMER,
    text: { content: text },
    ...entry,
  };
  return {
    ...{ id, ...ACCOUNT, attempt: 1, ageMs, trace: null, createdAtS: null },
    body: {
      kind: 'message',
      content: new Secret(JSON.stringify(content)),
      isOfCustomer: true,
      hasPulled: null,
    },
  };
}

const give = (...of: Parameters<typeof asAsked>): Promise<AttemptResult> =>
  carrier.start(asAsked(...of), { bot, endpoint: ENDPOINT }, () => {}).result;

const tellToWait = (...of: Parameters<typeof asAsked>) =>
  carrier.tellToWait(asAsked(...of), { bot, endpoint: ENDPOINT });

/** Whether the call sends this part of the answer to `m1`. */
const isPart = (body: object | null, n: number): boolean =>
  (body as { msgid?: string } | null)?.msgid === msgidOf('m1', String(n));
const texts = () => sent.map(({ text }) => text.content);

describe('an answer', () => {
  it('is sent under the same msgid however often, and is not asked for again', async () => {
    sendTo = () => ({ errcode: -1, errmsg: 'busy' });
    expect(await give('m1', 'Hello')).toMatchObject({ taken: false, stage: 'reply' });
    const msgids: unknown[] = [];
    sendTo = ({ body }) => {
      msgids.push((body as { msgid: string }).msgid);
      return { errcode: 40058, errmsg: 'msgid' };
    };
    start();
    expect(await give('m1', 'Hello')).toEqual({ taken: true, status: 200 });
    expect(await give('m1', 'Hello')).toEqual({ taken: true, status: 200 });
    expect(asked).toHaveLength(1);
    expect(msgids).toEqual([expect.stringMatching(/^[\w-]{32}$/)]);
  });

  it('is the first one where two managers ask at once, as after a lapsed lease', async () => {
    const slow = Promise.withResolvers<Answer>();
    answerTo = () => (asked.length === 1 ? slow.promise : said('First'));
    const late = give('m1', 'Hello');
    expect(await give('m1', 'Hello')).toMatchObject({ taken: true });
    slow.resolve(said('Second'));
    expect(await late).toMatchObject({ taken: true });
    expect(texts()).toEqual(['First']);
  });

  it.each([40058, 95099, 12345])(
    'goes on behind what WeCom had before, whatever it answers to that: %d',
    async (errcode) => {
      answerTo = () => said('长'.repeat(1_000));
      sendTo = ({ body }) => (isPart(body, 1) ? { errcode: -1, errmsg: 'busy' } : { fields: {} });
      expect(await give('m1', 'Hello')).toMatchObject({ taken: false, stage: 'reply' });
      sendTo = ({ body }) => (isPart(body, 0) ? { errcode, errmsg: 'had before' } : { fields: {} });
      start();
      expect(await give('m1', 'Hello')).toMatchObject({ taken: true });
      expect(texts()).toHaveLength(2);
    },
  );

  it('is tried again for what WeCom refuses for now, and once more for what nobody knows', async () => {
    sendTo = () => ({ errcode: 48002, errmsg: 'no permission' });
    for (const _ of [1, 2, 3]) expect(await give('m1', 'Hello')).toMatchObject({ stage: 'reply' });
    sendTo = () => ({ errcode: 12345, errmsg: 'unknown' });
    expect(await give('m2', 'Hello')).toMatchObject({ stage: 'reply' });
    expect(await give('m2', 'Hello')).toMatchObject({ taken: true });
    expect(log).toMatch(/"errcode":12345.*agent.unsent/);
  });

  it('is dropped where WeCom will never send it, which the log says', async () => {
    sendTo = () => ({ errcode: 95018, errmsg: 'state' });
    expect(await give('m1', 'Hello')).toMatchObject({ taken: true });
    expect(log).toMatch(/"errcode":95018.*agent.unsent/);
    expect(log).not.toMatch(/Hello|wmCustomer/);
  });

  it('is followed by the customer’s session, as calls of other bots are', async () => {
    await give('m1', 'Hello');
    sendTo = () => ({ errcode: 95018, errmsg: 'state' });
    await give('m2', 'Hello');
    sendTo = () => ({ retryAfterS: 30 });
    await give('m3', 'Hello');
    sendTo = () => {
      throw new AppError('WECOM_UNREACHABLE');
    };
    await give('m4', 'Hello');
    sendTo = () => {
      throw new AnswerLost('no answer');
    };
    await give('m5', 'Hello');
    const ends = [0, 95018, 'not sent', 'not sent'];
    expect(followed).toEqual(ends.map((end) => ['kf/send_msg', CUSTOMER, end]));
  });

  it('waits as long as WeCom says, and counts neither against the service nor the message', async () => {
    sendTo = () => ({ retryAfterS: 30 });
    expect(await give('m1', 'Hello')).toMatchObject({ stage: 'reply', retryAfterMs: 30_000 });
  });

  it('has as many parts as WeCom lets follow the customer’s message', async () => {
    answerTo = () => said('长'.repeat(10_000));
    await give('m1', 'One');
    expect(texts()).toHaveLength(5);
    await clock.advance(1_000);
    // It came before those five were sent.
    await give('m2', 'Two', 2_000);
    expect(texts()).toHaveLength(6);
    await clock.advance(1_000);
    await give('m3', 'Three');
    expect(texts()).toHaveLength(11);
  });

  it('with the mark of a hand-over is sent without it, leaves room for people’s text, and hands over', async () => {
    start({ handOverMark: '[human]' });
    answerTo = () => said(`${'长'.repeat(10_000)}[human]`);
    await give('m1', 'Help');
    expect([texts().length, texts().join('').includes('[human]'), handedOver]).toEqual([
      4,
      false,
      [CUSTOMER],
    ]);
    answerTo = () => said('[human]');
    await give('m2', 'Please');
    expect([texts().length, handedOver.length]).toEqual([4, 2]);
  });

  it('hands over once WeCom can be asked again, and goes on where it cannot be done', async () => {
    start({ handOverMark: '[human]' });
    answerTo = () => said('People come.[human]');
    const done = handOver;
    handOver = async () => {
      throw new AppError('WECOM_UNREACHABLE');
    };
    for (const ageMs of [0, HOUR_MS])
      expect(await give('m1', 'Help', ageMs)).toMatchObject({ taken: false, stage: 'reply' });
    handOver = done;
    expect(await give('m1', 'Help')).toMatchObject({ taken: true });
    expect([asked.length, handedOver]).toEqual([1, [CUSTOMER]]);
    expect(log).not.toMatch(/not_handed_over/);
    handOver = async () => false;
    expect(await give('m2', 'Help')).toMatchObject({ taken: true });
    expect(log).toMatch(/not_handed_over/);
  });
});

describe('an answer for which the service is not asked', () => {
  it.each([
    ['of what is no text', { msgtype: 'image', image: { media_id: 'm' } }],
    ['to who begins anew', { text: { content: '新对话' } }],
    ['of an event, which is none', { msgtype: 'event' }],
  ])('says nothing of it: that %s', async (_what, entry) => {
    start({ unsupported: 'Only text, please.' });
    expect(await give('m1', '', 0, entry)).toEqual({ taken: true, status: 200, isUnasked: true });
    expect(asked).toEqual([]);
    expect(await give('m2', 'Hello')).toEqual({ taken: true, status: 200 });
  });
});

describe('what a service refuses', () => {
  it.each([
    ['key', 401, { stage: 'key', status: 401 }],
    ['quota', 402, { stage: 'quota', status: 402 }],
    ['busy', 429, { stage: 'busy', status: 429, retryAfterMs: 5_000 }],
    ['empty', 200, { stage: 'status' }],
  ] as const)('%s is told, and nothing is sent', async (refusal, status, expected) => {
    const retryAfterMs = refusal === 'busy' ? 5_000 : null;
    answerTo = () => ({ refused: refused(refusal, null, status), retryAfterMs });
    expect(await give('m1', 'Hello')).toMatchObject({ taken: false, ...expected });
    expect(sent).toEqual([]);
  });

  it('a service that had begun counts against the message, another one against the service', async () => {
    const broken = { stage: 'reset', reason: 'r', code: '', hasBegun: true } as const;
    answerTo = () => ({ broken });
    expect(await give('m1', 'Hello')).toMatchObject({ stage: 'reset', hasPulled: true });
    answerTo = () => ({ broken: { ...broken, hasBegun: false } });
    expect(await give('m1', 'Hello')).not.toHaveProperty('hasPulled');
  });
});

describe('a conversation', () => {
  beforeEach(() => start({ history: 2 }));

  it('goes on with the last questions and answers, for 48 h or until the customer begins anew', async () => {
    for (const n of ['1', '2', '3', '4']) await give(`m${n}`, n);
    expect(asked[3]?.history).toEqual(['2', '3'].map((n) => ({ question: n, answer: `Re: ${n}` })));
    await give('m5', ' 新对话 ');
    await give('m6', '6');
    expect(asked.at(-1)?.history).toEqual([]);
    await clock.advance(48 * HOUR_MS);
    await give('m7', '7');
    expect(asked.at(-1)?.history).toEqual([]);
  });

  it('is not carried on at a service of another form, which cannot know it', async () => {
    start({ form: 'fastgpt', history: 0 });
    await give('m1', '1');
    await give('m2', '2');
    start({ form: 'dify', history: 0 });
    await give('m3', '3');
    expect(asked.map(({ conversationId }) => conversationId)).toEqual([null, 'm1', null]);
  });

  it('has an answer once, also where the manager ends before it is known as sent', async () => {
    jest.spyOn(Replies.prototype, 'sent').mockRejectedValueOnce(new AppError('STORE_UNAVAILABLE'));
    expect(await give('m1', '1')).toMatchObject({ taken: false });
    expect(await give('m1', '1')).toMatchObject({ taken: true });
    await give('m2', '2');
    expect(asked.at(-1)?.history).toEqual([{ question: '1', answer: 'Re: 1' }]);
  });

  it('is of one customer, and tells the service nothing of who that is', async () => {
    await give('m1', '1');
    await give('m2', '2', 0, { external_userid: 'wmOther' });
    expect(asked[1]).toMatchObject({ history: [] });
    expect(asked[0]?.user).not.toBe(asked[1]?.user);
    expect(JSON.stringify(asked)).not.toMatch(/wm(Customer|Other)/);
  });
});

describe('a customer who waits', () => {
  beforeEach(() => start({ fallback: 'One moment.' }));

  it('is told so once for a message, and not by a later message soon after', async () => {
    await tellToWait('m1', 'Hello', 30_000);
    await tellToWait('m2', 'Still there?', 20_000);
    await clock.advance(60_000);
    await tellToWait('m3', 'Hello?', 30_000);
    await clock.advance(HOUR_MS);
    await tellToWait('m1', 'Hello', HOUR_MS + 90_000);
    expect(texts()).toEqual(['One moment.']);
    await tellToWait('m4', 'Well?', 30_000);
    expect(texts()).toEqual(['One moment.', 'One moment.']);
  });

  it('is told so again after an answer, but not for what was written before', async () => {
    await tellToWait('m1', 'Hello', 30_000);
    await give('m1', 'Hello', 31_000);
    await clock.advance(60_000);
    await tellToWait('m2', 'Written meanwhile', 70_000);
    expect(texts()).toEqual(['One moment.', 'Re: Hello']);
    await tellToWait('m3', 'Another question', 30_000);
    expect(texts()[2]).toBe('One moment.');
  });

  it('is told so once for two messages that have waited too long at the same time', async () => {
    await Promise.all(['m1', 'm2'].map((id) => tellToWait(id, 'Hello', 30_000)));
    expect(texts()).toEqual(['One moment.']);
    expect(await tellToWait('m2', 'Hello', 30_000)).toBe(true);
    expect(texts()).toEqual(['One moment.']);
  });

  it.each(['before', 'after'])('is told so once where the store goes away %s that was sent', async (when) => {
    const { change } = conversations;
    const find = jest.spyOn(Replies.prototype, 'find');
    conversations.change = async (...of: Parameters<typeof change>) => {
      conversations.change = async () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
      await change.apply(conversations, of);
      if (when === 'before') find.mockRejectedValueOnce(new AppError('STORE_UNAVAILABLE'));
    };
    expect(await tellToWait('m1', 'Hello', 30_000)).toBe(false);
    find.mockRestore();
    conversations.change = change;
    sendTo = ({ body }) =>
      sent.some(({ msgid }) => msgid === (body as { msgid?: string } | null)?.msgid)
        ? { errcode: 40058, errmsg: 'msgid' }
        : { fields: {} };
    // The customer may be told just now.
    expect(await tellToWait('m1', 'Hello', 30_000)).toBe(false);
    await clock.advance(15_000);
    expect(await tellToWait('m1', 'Hello', 45_000)).toBe(true);
    expect(await tellToWait('m2', 'Still there?', 30_000)).toBe(true);
    expect(texts()).toEqual(['One moment.']);
  });

  it('is told so once by two managers of which the later one finds the answer', async () => {
    const answered = Promise.withResolvers<void>();
    const { change } = conversations;
    let changes = 0;
    conversations.change = async (...of: Parameters<typeof change>) => {
      // What the first one has sent is noted after all that the other one does.
      if (++changes === 2) await answered.promise;
      return change.apply(conversations, of);
    };
    const told = tellToWait('m1', 'Hello', 30_000);
    await clock.advance(0);
    expect(await tellToWait('m1', 'Hello', 30_000)).toBe(false);
    await give('m1', 'Hello', 30_000);
    expect(await tellToWait('m1', 'Hello', 35_000)).toBe(true);
    answered.resolve();
    expect(await told).toBe(true);
    await tellToWait('m2', 'Written before', 40_000);
    expect(texts()).toEqual(['One moment.', 'Re: Hello']);
    await clock.advance(60_000);
    await tellToWait('m3', 'Another question', 30_000);
    expect(texts()[2]).toBe('One moment.');
  });

  it('is told nothing where another manager has the answer by then', async () => {
    const claimed = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    answerTo = async () => {
      await claimed.promise;
      return said('Here I am.');
    };
    const reply = give('m1', 'Hello').then(() => answered.resolve());
    const { change } = conversations;
    conversations.change = async (...of: Parameters<typeof change>) => {
      conversations.change = change;
      await change.apply(conversations, of);
      claimed.resolve();
      await answered.promise;
    };
    expect(await tellToWait('m1', 'Hello', 30_000)).toBe(true);
    await reply;
    expect(texts()).toEqual(['Here I am.']);
  });

  it('is told so again where WeCom could not be asked, and not where it refuses', async () => {
    sendTo = () => ({ retryAfterS: 30 });
    expect(await tellToWait('m1', 'Hello', 30_000)).toBe(false);
    sendTo = () => ({ errcode: 95018, errmsg: 'state' });
    expect(await tellToWait('m1', 'Hello', 30_000)).toBe(true);
    expect(followed).toHaveLength(2);
    sendTo = () => ({ fields: {} });
    await tellToWait('m1', 'Hello', 30_000);
    expect(texts()).toEqual([]);
  });

  it('is sent so much less of a long answer', async () => {
    answerTo = async () => {
      await tellToWait('m1', 'Hello');
      return said('长'.repeat(10_000));
    };
    await give('m1', 'Hello');
    expect(texts()).toHaveLength(5);
    expect(texts()).toEqual(['One moment.', ...texts().slice(1, 4), expect.stringMatching(/…$/)]);
  });

  it('is not told so with the last message that WeCom lets follow: the answer needs it', async () => {
    answerTo = () => said('长'.repeat(2_500));
    await give('m1', 'One');
    expect(texts()).toHaveLength(4);
    answerTo = async () => {
      await tellToWait('m2', 'Two');
      return said('Two.');
    };
    await give('m2', 'Two');
    expect(texts().slice(4)).toEqual(['Two.']);
  });

  it('is told nothing once there is an answer, nor for what needs none of a service', async () => {
    await give('m1', 'Hello');
    await tellToWait('m1', 'Hello');
    await tellToWait('m2', '', 0, { msgtype: 'image', image: { media_id: 'm' } });
    expect(texts()).toEqual(['Re: Hello']);
  });
});

describe('what is no text', () => {
  it('is answered once a minute, goes on as WeCom’s words for it, or is nothing to answer', async () => {
    start({ unsupported: 'Only text.' });
    const picture = { msgtype: 'image', image: { media_id: 'm' } };
    for (const id of ['m1', 'm2']) await give(id, '', 0, picture);
    await clock.advance(60_000);
    await give('m3', '', 0, picture);
    expect(texts()).toEqual(['Only text.', 'Only text.']);
    await give('m4', '', 0, { msgtype: 'location', location: { name: 'Park', address: 'Road 1' } });
    expect(asked.map(({ text }) => text)).toEqual(['Park\nRoad 1']);
    for (const entry of [{ msgtype: 'event', origin: 4 }, { origin: 5 }])
      expect(await give('m5', 'x', 0, entry)).toMatchObject({ taken: true });
    expect(asked).toHaveLength(1);
  });
});

it('is told that only text is understood also where the store was away meanwhile', async () => {
  start({ unsupported: 'Only text.' });
  jest.spyOn(Replies.prototype, 'keep').mockRejectedValueOnce(new AppError('STORE_UNAVAILABLE'));
  const picture = { msgtype: 'image', image: { media_id: 'm' } };
  expect(await give('m1', '', 0, picture)).toMatchObject({ taken: false });
  expect(await give('m1', '', 0, picture)).toMatchObject({ taken: true });
  expect(texts()).toEqual(['Only text.']);
});

it('while the store does not answer, nothing is asked or sent, and it was no attempt', async () => {
  const find = jest.spyOn(Replies.prototype, 'find').mockRejectedValue(new AppError('STORE_UNAVAILABLE'));
  expect(await give('m1', 'Hello')).toMatchObject({ taken: false, stage: 'withdrawn' });
  find.mockRestore();
  expect([asked, sent]).toEqual([[], []]);
});
