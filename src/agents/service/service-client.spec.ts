/** Each form against a stand-in of its service. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { startForwardProxyFor } from '../../../test/support/agents.js';
import { pour, startRawServer } from '../../../test/support/raw-server.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { STAND_IN_KEY, StandInService } from '../../../packages/simulator/services/stand-in-service.js';
import { loadConfig } from '../../config/config.js';
import { SystemClock } from '../../kernel/clock.js';
import { Secret } from '../../kernel/secret.js';
import { Metrics } from '../../metrics/metrics.js';
import { OutgoingSockets } from '../../metrics/outgoing-sockets.js';
import { AGENT_DEFAULTS, AGENT_FORMS, type AgentForm } from '../../registry/bots/agent.dto.js';
import { type Endpoint, readEndpoint } from '../../registry/endpoint/endpoint.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import type { Question } from '../forms/form.js';
import type { Answer } from './call.js';
import { ServiceClient } from './service-client.js';

const QUESTION: Question = {
  text: '你好 there',
  user: 'user-hash',
  conversationId: null,
  newConversationId: 'chat-1',
  history: [],
};
/** Nothing of a question, an answer or a key may be said of a failure. */
const SAID = /你好|there|stand-in|user-hash|chat-1/;

let service: StandInService;
let client: ServiceClient;

beforeEach(async () => {
  service = await StandInService.start();
  client = newClient();
});

afterEach(() => service.close());

function newClient(env: NodeJS.ProcessEnv = {}, clock = new SystemClock() as ManualClock | SystemClock) {
  const config = loadConfig(env);
  const log = pino({ level: 'silent' });
  const sockets = new OutgoingSockets(new Metrics());
  return new ServiceClient(config, new EndpointPolicy(config), clock, log, sockets);
}

function serviceOf(form: AgentForm, key = STAND_IN_KEY, url = service.urlOf(form)) {
  const given = { form, url, timeoutMs: 1_000, ...(form === 'openai' ? { model: 'm' } : { botId: 'b' }) };
  const settings = { ...AGENT_DEFAULTS, ...given };
  return { endpoint: readEndpoint(url) as Endpoint, settings, key: new Secret(key) };
}

const ask = (form: AgentForm, question: Partial<Question> = {}, key = STAND_IN_KEY): Promise<Answer> =>
  client.ask(serviceOf(form, key), { ...QUESTION, ...question }).answer;

describe.each(AGENT_FORMS)('form %s', (form) => {
  it('gives the text of a stream, the conversation, and the tokens where the service names them', async () => {
    const answer = await ask(form);
    expect(answer).toMatchObject({ said: { text: '你好 there', isWhole: true, refused: null } });
    expect(service.asked).toEqual([
      {
        ...{ form, text: '你好 there', user: 'user-hash', history: 0 },
        conversationId: form === 'fastgpt' ? 'chat-1' : '',
      },
    ]);
    if (!('said' in answer)) throw new Error('no answer');
    expect(answer.said.tokens).toEqual(form === 'fastgpt' ? null : 18);
    const { conversationId } = answer.said;
    expect(conversationId === null).toBe(form === 'openai' || form === 'fastgpt');
    if (conversationId !== null) {
      expect(await ask(form, { conversationId })).toHaveProperty('said.conversationId', conversationId);
      expect(service.asked[1]?.conversationId).toBe(conversationId);
    }
  });

  it.each(['key', 'quota', 'busy', 'unpublished'] as const)(
    'tells that the service says: %s',
    async (refusal) => {
      service.faults.refusal = refusal;
      const answer = await ask(form);
      expect(answer).toMatchObject({ refused: { refusal } });
      expect(JSON.stringify(answer)).not.toMatch(SAID);
    },
  );

  it('tells a wrong key', async () => {
    expect(await ask(form, {}, 'another-key')).toMatchObject({ refused: { refusal: 'key' } });
  });

  it('tells an error of the service, which says nothing of the question', async () => {
    service.faults.refusal = 'error';
    expect(await ask(form)).toMatchObject({ refused: { refusal: 'refused' } });
  });

  it('tells a stream that broke off in the middle, once the service had begun', async () => {
    service.faults.cutOneIn = 1;
    const answer = await ask(form);
    expect(answer).toMatchObject({ broken: { stage: 'reset', hasBegun: true } });
    expect(JSON.stringify(answer)).not.toMatch(SAID);
  });

  it.each([' ', '<think>Who asks?</think> ', '<think>你好'])(
    'tells an answer without text: %j',
    async (text) => {
      const silent = await StandInService.start({ answer: () => text });
      const asked = client.ask(serviceOf(form, STAND_IN_KEY, silent.urlOf(form)), QUESTION);
      expect(await asked.answer).toMatchObject({ refused: { refusal: 'empty' } });
      await silent.close();
    },
  );
});

it.each(['openai', 'fastgpt', 'dify'] as const)(
  'tells a URL of form %s without the /v1 that it must end in',
  async (form) => {
    const url = service.urlOf(form).replace(/\/v1$/, '');
    const answer = await client.ask(serviceOf(form, STAND_IN_KEY, url), QUESTION).answer;
    expect(answer).toMatchObject({ refused: { refusal: 'absent', status: 404 } });
  },
);

it('tells a URL of form dify that is too long, of which Dify says what it says of an unknown conversation', async () => {
  service.faults.refusal = 'conversation';
  const answer = await ask('dify');
  expect(answer).toMatchObject({ refused: { refusal: 'absent', code: 'not_found', status: 404 } });
});

// Coze answers in JSON before its bot does, so it is not asked to.
it.each(['openai', 'fastgpt', 'dify'] as const)(
  'form %s gives the text of an answer in JSON',
  async (form) => {
    service.faults.isJson = true;
    expect(await ask(form)).toMatchObject({ said: { text: '你好 there', isWhole: true } });
  },
);

describe.each(['dify', 'coze'] as const)('form %s', (form) => {
  it('tells a conversation that the service does not know any more', async () => {
    const answer = await ask(form, { conversationId: 'gone' });
    expect(answer).toMatchObject({ refused: { refusal: 'conversation' } });
  });
});

describe('form openai', () => {
  it('sends what was said before', async () => {
    const history = [{ question: 'Hello', answer: 'Hi' }];
    await ask('openai', { history });
    expect(service.asked).toMatchObject([{ text: '你好 there', history: 2 }]);
  });

  it('tells what was filtered', async () => {
    service.faults.refusal = 'filtered';
    expect(await ask('openai')).toMatchObject({ refused: { refusal: 'filtered', code: 'content_filter' } });
  });
});

describe('a service', () => {
  it('that does not answer is given up when its time is over', async () => {
    const clock = new ManualClock();
    client = newClient({}, clock);
    service.faults.delayMs = () => 600_000;
    const { answer } = client.ask(serviceOf('dify'), QUESTION);
    while (service.underWay === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_000);
    expect(await answer).toEqual({
      broken: { stage: 'timeout', reason: 'no complete answer within 1 s', code: '', hasBegun: false },
    });
  });

  it('that is not there is told with the code', async () => {
    const gone = await StandInService.start();
    const url = gone.urlOf('dify');
    await gone.close();
    const { answer } = client.ask(serviceOf('dify', STAND_IN_KEY, url), QUESTION);
    expect(await answer).toMatchObject({
      broken: { stage: 'connect', code: 'ECONNREFUSED', hasBegun: false },
    });
  });

  it.each([
    ['1xx', '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
    [
      'events',
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n',
      `data: ${'x'.repeat(1_000)}\n\n`,
    ],
    ['one event', 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ', 'x'.repeat(1_000)],
    ['JSON', 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n', '[1],'.repeat(250)],
  ])('that pours out %s without an end is cut off before its time is over', async (_what, head, chunk) => {
    client = newClient({}, new ManualClock());
    const raw = await startRawServer((socket) => {
      socket.write(head);
      pour(socket, chunk);
    });
    const { answer } = client.ask(serviceOf('dify', STAND_IN_KEY, raw.url), QUESTION);
    expect(await answer).toMatchObject({ broken: { stage: 'reset' } });
    await raw.allClosed();
    await raw.close();
  });

  it('that sends elsewhere is not followed there, nor is its key', async () => {
    const location = `${service.urlOf('dify')}/chat-messages`;
    const raw = await startRawServer(
      (socket) => void socket.end(`HTTP/1.1 307 Moved\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`),
    );
    const { answer } = client.ask(serviceOf('dify', STAND_IN_KEY, raw.url), QUESTION);
    expect(await answer).toMatchObject({ refused: { refusal: 'refused', status: 307 } });
    expect(service.asked).toEqual([]);
    await raw.close();
  });

  it('whose name leads to an address that is not allowed is not dialled', async () => {
    client = newClient({ PUPPET_ENDPOINT_ALLOW: '10.0.0.0/8' });
    const url = service.urlOf('dify').replace('127.0.0.1', 'localhost');
    const { answer } = client.ask(serviceOf('dify', STAND_IN_KEY, url), QUESTION);
    expect(await answer).toMatchObject({ broken: { stage: 'connect' } });
    expect(service.asked).toEqual([]);
  });

  it('elsewhere is reached through the proxy of the environment', async () => {
    const proxy = await startForwardProxyFor(service);
    client = newClient({ HTTP_PROXY: proxy.url });
    const url = service.urlOf('dify').replace(/127\.0\.0\.1:\d+/, '192.0.2.9');
    const { answer } = client.ask(serviceOf('dify', STAND_IN_KEY, url), QUESTION);
    expect(await answer).toMatchObject({ said: { text: '你好 there' } });
    await proxy.close();
  });
});
