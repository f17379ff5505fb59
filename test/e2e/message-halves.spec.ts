/**
 * How long a callback bot that takes messages may be at work, and what operators see until a message is taken: the manager with
 * all around it, on a clock that the test moves.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotAnswer, BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { LoggedDeliveryPageAnswer } from '../../src/api/log/logged-delivery.dto.js';
import type { MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import { connectApp } from '../support/connected-app.js';
import { type ManagerInProcess, startManagerInProcess } from '../support/manager-in-process.js';
import { ManualClock } from '../support/manual-clock.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { postJson } from '../support/puppet-server.js';
import { StreamBot } from '../support/stream-bot.js';
import { until } from '../support/until.js';

const HALVES_MS = 60_000;
/** Failures in a row that open a circuit, and the probes after which it is left alone for 16 s and more. */
const FAILURES_UNTIL_OPEN = 5;
const PROBES_UNTIL_LONG_PAUSE = 5;
const TRIES = 2;
/** The first pause of the schedule, with what may be added to it. */
const FIRST_RETRY_MS = 1_200;
/** Less than any time that is tried here: the clock goes on while sockets are waited for. */
const STEP_MS = 20;

let place: Place;
let clock: ManualClock;
let wecom: Simulator;
let manager: ManagerInProcess;
let bot: PullingBot;
let added: BotCreatedAnswer;
let first: string;
let second: string;

beforeEach(async () => {
  client = null;
  clock = new ManualClock(Date.now());
  place = embeddedPlace();
  [wecom, bot] = await Promise.all([startSimulator({ accounts: ['one', 'two'] }), PullingBot.start()]);
  manager = await startManagerInProcess(
    {
      ...place.env,
      SECRETS_KEY: newSecretsKey(),
      MESSAGE_TRIES: String(TRIES),
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
    },
    clock,
  );
  const { corpId, corpSecret } = wecom;
  await connectApp(wecom, manager);
  [first = '', second = ''] = wecom.accounts.map(({ openKfId }) => openKfId);
  const response = await postJson(`${manager.url}/api/v1/bots`, {
    ...{ name: 'Support bot', corpId, corpSecret, openKfIds: [first, second] },
    ...{ kind: 'callback', takes: 'message', callback: { url: `${bot.server.url}/wxkf/` } },
  });
  added = (await response.json()) as BotCreatedAnswer;
  bot.server.keys = { token: added.token ?? '', encodingAESKey: added.encodingAESKey ?? '' };
  bot.base = `${manager.url}/bot/${added.key}/cgi-bin`;
  bot.credentials = { corpid: corpId, corpsecret: corpSecret };
});

afterEach(async () => {
  let isClosed = false;
  void manager.close().then(() => (isClosed = true));
  await untilIn(() => isClosed);
  await Promise.all([wecom.close(), bot.close()]);
  await place.discard();
});

/** Resolves when each event was answered, so that no pull of the manager is under way when the clock is moved. */
async function say(texts: readonly string[], openKfId = first): Promise<void> {
  for (const text of texts) wecom.say(text, { openKfId });
  await untilIn(() => wecom.callbacks.records.every(({ state }) => state !== 'running'));
}

const get = async <T>(path: string): Promise<T> =>
  (await fetch(`${manager.url}/api/v1/${path}`)).json() as Promise<T>;
const shown = () => get<BotAnswer>(`bots/${added.id}`);
const messages = async (state: string) => (await get<MessagePageAnswer>(`messages?state=${state}`)).items;
const deliveries = async () => (await get<LoggedDeliveryPageAnswer>('deliveries')).items;

/** The clock goes on by itself meanwhile, at about its pace. */
const untilIn = (isSo: () => boolean | Promise<boolean>) =>
  until(async () => {
    await clock.advance(STEP_MS);
    return isSo();
  });

/** A program whose work ends when the test says so. */
function holdWork(): { readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  bot.work = () => promise;
  return { end: resolve };
}

async function unpulledCount(): Promise<string | undefined> {
  const text = await (await fetch(`${manager.url}/metrics`)).text();
  return /^wxkf_messages_unpulled_total (\d+)$/m.exec(text)?.[1];
}

/** Below two heartbeats of a stream, and below the time after which a lease is renewed. */
const BEAT_MS = 4_000;

/** Its client, where the program is told over a stream: as `wxkf-manager connect` does. */
let client: StreamBot | null;
/** Ends what it has of the program. */
let leaving: AbortController;

async function connectProgram(): Promise<void> {
  leaving = new AbortController();
  client = new StreamBot(manager.url, added.key, {
    hello: { form: 'wecom' },
    onEvent: ({ id, attempt, callback }, { socket }) => {
      const { query, body } = callback as { readonly query: string; readonly body: string };
      const headers = { 'webhook-id': String(id), 'x-wxkf-attempt': String(attempt) };
      const init = { method: 'POST', headers, body, signal: leaving.signal };
      void fetch(`${bot.server.url}/wxkf/?${query}`, init).then(
        ({ ok }) => socket.send(JSON.stringify({ type: ok ? 'ack' : 'nack', id })),
        () => {},
      );
    },
  });
  await client.ready();
}

/** The clock goes on by so much, and the client is heard of meanwhile. */
async function pass(ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= BEAT_MS) {
    await clock.advance(Math.min(leftMs, BEAT_MS));
    const now = clock.nowMs();
    client?.send({ type: 'ping', at: now });
    await client?.first('pong', ({ at }) => at === now);
    // Which is answered behind all that was written meanwhile.
    await messages('waiting');
  }
}

describe.each(['its URL', 'a stream'])('a program that is told by %s and answers after its work', (way) => {
  beforeEach(async () => {
    if (way === 'a stream') await connectProgram();
  });

  afterEach(async () => {
    await client?.close();
    leaving?.abort();
  });

  it('of 30 s is given each message once: from its pull on it has 60 s', async () => {
    const work = holdWork();
    await say(['1', '2']);
    await untilIn(() => bot.given.length === 1);
    await pass(30_000);
    expect(await messages('waiting')).toHaveLength(2);
    work.end();
    await untilIn(async () => (await messages('waiting')).length === 0);
    expect(bot.texts).toEqual(['1', '2']);
    expect(await shown()).toMatchObject({ circuit: 'closed', lastFailure: null });
  });

  it('and never ends it has the message told again, and dead after its tries; its other account goes on', async () => {
    bot.work = async (texts) => {
      if (texts.includes('poison')) await new Promise(() => {});
    };
    await say(['poison', 'next']);
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      await untilIn(() => bot.given.filter(({ text }) => text === 'poison').length === attempt);
      await say([`meanwhile ${attempt}`], second);
      await untilIn(() => bot.texts.includes(`meanwhile ${attempt}`));
      await pass(HALVES_MS);
      await pass(FIRST_RETRY_MS);
    }
    await untilIn(() => bot.texts.includes('next'));
    expect(await messages('dead')).toMatchObject([{ lastFailure: { stage: 'timeout' } }]);
    expect(bot.given.map(({ text, attempt }) => `${text} #${attempt}`)).toEqual([
      ...['poison #1', 'meanwhile 1 #1', 'poison #2', 'meanwhile 2 #1', 'next #1'],
    ]);
    expect(await shown()).toMatchObject({ circuit: 'closed' });
  });
});

describe('a client that is connected and does not acknowledge the messages of one account', () => {
  it('has those of its other accounts at once, and none counts as refused', async () => {
    const { corpId, corpSecret } = wecom;
    await fetch(`${manager.url}/api/v1/bots/${added.id}`, { method: 'DELETE' });
    const response = await postJson(`${manager.url}/api/v1/bots`, {
      ...{ name: 'Laptop', corpId, corpSecret, openKfIds: [first, second] },
      ...{ kind: 'stream', takes: 'message' },
    });
    added = (await response.json()) as BotCreatedAnswer;
    client = new StreamBot(manager.url, added.key, {
      onEvent: ({ id, openKfId }, { socket }) => {
        if (openKfId === second) socket.send(JSON.stringify({ type: 'ack', id }));
      },
    });
    await client.ready();
    const given = (openKfId: string) => client?.events.filter((event) => event.openKfId === openKfId) ?? [];
    await say(['poison']);
    while (given(first).length < 6) await pass(500);
    await pass(5_000);
    await say(['next'], second);
    const saidMs = clock.nowMs();
    await untilIn(() => given(second).length === 1);
    // A bot whose circuit is open has nothing before its last attempt is 3 s old.
    expect(clock.nowMs() - saidMs).toBeLessThan(1_000);
    expect(await messages('waiting')).toMatchObject([{ openKfId: first, refusals: 0 }]);
    await client.close();
  });
});

describe('a program that answers and', () => {
  it('never pulls has taken nothing, as operators see it, and after 60 s it has failed', async () => {
    bot.habit = 'never';
    await say(['1']);
    await untilIn(() => bot.server.received.length === 1);
    await pass(50_000);
    expect(await shown()).toMatchObject({
      ...{ lastTakenAt: null, lastFailure: null, circuit: 'closed' },
      lastHour: { attempts: 0, taken: 0 },
    });
    expect(await messages('waiting')).toMatchObject([{ lastFailure: null }]);
    expect(bot.server.received.map(({ headers }) => headers['x-wxkf-attempt'])).toEqual(['1']);
    expect(await unpulledCount()).toBe('0');
    await pass(10_000);
    await untilIn(() => bot.server.received.length === 2);
    expect(await shown()).toMatchObject({
      ...{ lastTakenAt: null, lastFailure: { stage: 'unpulled' } },
      lastHour: { attempts: 1, taken: 0 },
    });
    expect(await unpulledCount()).toBe('1');
    await untilIn(async () => (await deliveries()).some(({ stage }) => stage === 'unpulled'));
    expect((await deliveries()).filter(({ form }) => form === 'message')).toMatchObject([
      { outcome: 'not_taken', stage: 'unpulled', attempt: 1 },
    ]);
  });

  it('pulls later has failed nothing, and has taken each when it has pulled it', async () => {
    bot.habit = 'never';
    await say(['1', '2', '3']);
    for (const count of [1, 2, 3]) {
      await untilIn(() => bot.server.received.length === count);
      await pass(20_000);
      expect((await bot.pull(first)).msg_list).toMatchObject([{ text: { content: String(count) } }]);
    }
    await untilIn(async () => (await shown()).lastHour.taken === 3);
    expect(await messages('waiting')).toEqual([]);
    expect(await shown()).toMatchObject({
      ...{ lastTakenAt: expect.any(String), lastFailure: null },
      lastHour: { attempts: 3 },
    });
    expect(await unpulledCount()).toBe('0');
  });
});

it('a program that neither answers nor pulls has no longer than its timeoutMs: it may hang', async () => {
  bot.isHanging = true;
  await say(['1']);
  await untilIn(() => bot.server.received.length === 1);
  await pass(5_000);
  await untilIn(async () => (await shown()).lastFailure !== null);
  expect(await shown()).toMatchObject({
    lastFailure: { stage: 'timeout', reason: expect.stringMatching(/^no .* within 5 s$/) },
  });
  expect(await messages('waiting')).toMatchObject([{ refusals: 0 }]);
});

it('a bot that was away for a while is given the next message 3 s after the last attempt, and not with the next probe', async () => {
  bot.isAway = true;
  await say(['1']);
  await until(async () => {
    await pass(1_000);
    const failed = (await deliveries()).filter(({ outcome }) => outcome === 'not_taken');
    return failed.length >= FAILURES_UNTIL_OPEN + PROBES_UNTIL_LONG_PAUSE;
  });
  expect(await shown()).toMatchObject({ circuit: 'open' });
  bot.isAway = false;
  const backMs = clock.elapsedMs();
  await say(['2'], second);
  await untilIn(() => bot.given.length > 0);
  // The next probe comes 16 s after the last one at the earliest.
  expect(clock.elapsedMs() - backMs).toBeLessThan(9_000);
  await untilIn(async () => (await messages('waiting')).length === 0);
  expect(bot.texts.toSorted()).toEqual(['1', '2']);
});

describe('a program that resets its connection before it has read what it pulled', () => {
  it('is told of it again, under the same id', async () => {
    bot.habit = 'never';
    await say(['1']);
    await untilIn(() => bot.server.received.length === 1);
    await bot.pullRaw(first, (socket) => socket.resetAndDestroy());
    await clock.advance(FIRST_RETRY_MS);
    await untilIn(() => bot.server.received.length === 2);
    const [one, other] = bot.server.received.map(({ headers }) => headers['webhook-id']);
    expect(other).toBe(one);
  });

  it('has taken it when it closes the connection in order', async () => {
    bot.habit = 'never';
    await say(['1']);
    await untilIn(() => bot.server.received.length === 1);
    await bot.pullRaw(first, (socket) => void socket.resume().end());
    await untilIn(async () => (await messages('waiting')).length === 0);
    await pass(HALVES_MS);
    expect(bot.server.received).toHaveLength(1);
    expect(await shown()).toMatchObject({ lastFailure: null });
  });
});
