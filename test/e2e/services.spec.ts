/** Services of agents that answer what nobody can use: the built process, the local WeCom, and bare sockets. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { STAND_IN_KEY, StandInService } from '../../packages/simulator/services/stand-in-service.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { register, startPuppetServer } from '../support/puppet-server.js';
import { pour, startRawServer } from '../support/raw-server.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

/** How long WeCom waits for the answer to a callback. */
const WECOM_WAITS_MS = 5_000;

let scene: Scene;
let wecom: Simulator;

beforeAll(async () => {
  scene = await Scene.open({ accounts: 10 });
  ({ wecom } = scene);
});

afterAll(() => scene.close());

interface AgentBot {
  readonly agent?: object;
  readonly session?: object;
}

/** An agent on the next account. */
async function add(
  url: string,
  { agent = {}, ...more }: AgentBot = {},
): Promise<{ openKfId: string; id: string }> {
  const openKfId = scene.newAccount();
  const { id } = await scene.addBot({
    ...{ name: 'Agent', openKfIds: [openKfId], kind: 'agent' },
    agent: { form: 'openai', url, key: STAND_IN_KEY, model: 'stand-in', ...agent },
    ...more,
  });
  return { openKfId, id };
}

const say = (text: string, openKfId: string) =>
  wecom.say(text, { openKfId, externalUserId: wecom.customers[0]?.externalUserId ?? '' });
const sentBy = (openKfId: string): unknown[] =>
  wecom.corp.chat.messages
    .filter((one) => one.openKfId === openKfId && one.from === 'bot')
    .map(({ body }) => body.content);
const asked = (openKfId: string) =>
  scene.manager.line((line) => line.msg === 'agent.asked' && line.openKfId === openKfId);

/** Why the last reply of a bot failed. */
async function failureOf(id: string): Promise<string | undefined> {
  const { lastFailure } = (await (await fetch(`${scene.url}/api/v1/bots/${id}`)).json()) as BotCreatedAnswer;
  return lastFailure?.reason;
}

it.each([
  ['empty events', 'data:\n\n', 'the answer has more than 100,000 events'],
  ['events of JSON', 'data:{}\n\n', 'the answer has more than 100,000 events'],
  ['events that are nearly JSON', 'data:{\n\n', 'an event of the stream is no JSON'],
])(
  'an answer of millions of %s is refused, and WeCom gives up no callback of another bot meanwhile',
  async (_what, events, reason) => {
    const service = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n');
      pour(socket, events.repeat(8_000));
    });
    const puppet = await startPuppetServer();
    const [app, other] = [newApp(), newOpenKfId()];
    await register(scene.url, app, other, puppet.url);
    const agents = [await add(service.url), await add(service.url)];
    const begun = service.next();
    for (const { openKfId } of agents) say('Hello', openKfId);
    await begun;
    let isOver = false;
    const over = Promise.all(agents.map(({ openKfId }) => asked(openKfId))).finally(() => (isOver = true));
    while (!isOver) {
      const callback = sendMessage(scene.url, app, other);
      const isInTime = await new SystemClock().within(WECOM_WAITS_MS, callback);
      expect([isInTime, (await callback).status]).toEqual([true, 200]);
    }
    expect((await over).map(({ result }) => result)).toEqual(['reset', 'reset']);
    for (const { id } of agents) await until(async () => (await failureOf(id)) === reason);
    await puppet.close();
    await service.close();
  },
);

it.each([
  ['thoughts', '<think>What may they want?</think>\n'],
  ['thoughts about people', '<think>Do they want [human]?'],
  ['marks', '---\n'],
])(
  'an answer of nothing but %s is told as one without text, and is asked for again',
  async (_what, nothing) => {
    let answer = nothing;
    const service = await StandInService.start({ answer: () => answer });
    const { openKfId, id } = await add(service.urlOf('openai'), {
      agent: { handOverMark: '[human]' },
      session: { people: { to: 'pool', nobody: 'Nobody is here.' } },
    });
    say('Hello', openKfId);
    expect(await asked(openKfId)).toMatchObject({ result: 'empty' });
    await until(async () => (await failureOf(id)) === 'the answer of the service has no text');
    answer = '<think>Say so.</think>Here I am.';
    await until(() => sentBy(openKfId).length > 0);
    expect(sentBy(openKfId)).toEqual(['Here I am.']);
    await service.close();
  },
);
