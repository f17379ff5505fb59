/** The clients of `packages/`, by their echo bots as processes of their own, between the built manager and the local WeCom; `wxkf-manager connect` beside them where the manager is started again. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { stablePort } from '../../lab/faults/ports.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { startConnect } from '../support/connect-process.js';
import { type ExampleProcess, startExample } from '../support/example-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { hasPython, PYTHON } from '../support/python.js';
import { postJson, startPuppetServer } from '../support/puppet-server.js';
import { type SendRefusals, startSendRefusals } from '../support/send-refusals.js';
import { until } from '../support/until.js';

const runsPython = hasPython('import concurrent.futures');

/** The entry around it has some hundred bytes. */
const LONGEST_TEXT = 2_097_152 - 1_024;

const place = sealedPlace(embeddedPlace());
let wecom: Simulator;
let refusals: SendRefusals;
let port: number;
let manager: ManagerProcess;
let running: ExampleProcess[] = [];
let accountsUsed = 0;

const start = () =>
  startManager({
    ...place.env,
    ...{ HOST: '127.0.0.1', PORT: String(port) },
    ...{ WECOM_API_URL: refusals.url, ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken` },
  });

beforeAll(async () => {
  wecom = await startSimulator({ accounts: Array.from({ length: 16 }, (_, n) => `account ${n}`) });
  refusals = await startSendRefusals(wecom.url);
  port = await stablePort();
  manager = await start();
  const { corpId, callback } = wecom;
  const { token, encodingAESKey } = callback;
  await made('/api/v1/apps', { corpId, token, encodingAESKey });
  const url = `${manager.url}/callback/${corpId}`;
  expect(await wecom.saveCallback({ ...callback, url })).toMatchObject({ isVerified: true });
});

afterEach(async () => {
  await Promise.all(running.map((bot) => bot.stop('SIGKILL')));
  running = [];
});

afterAll(async () => {
  await manager.stop();
  await refusals.close();
  await wecom.close();
  await place.discard();
});

async function made<T>(path: string, body: object): Promise<T> {
  const response = await postJson(manager.url + path, body);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

/** On the next account. */
async function addBot(more: object): Promise<BotCreatedAnswer> {
  const { corpId, corpSecret } = wecom;
  const openKfIds = [wecom.accounts[accountsUsed++]?.openKfId ?? ''];
  const fields = { name: 'Echo', corpId, openKfIds, kind: 'stream', takes: 'message', corpSecret, ...more };
  return made('/api/v1/bots', fields);
}

async function isConnected(id: string): Promise<boolean> {
  const response = await fetch(`${manager.url}/api/v1/connections?botId=${id}`);
  const { items } = (await response.json()) as { readonly items: readonly object[] };
  return items.length > 0;
}

interface Call {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

/** Stands for the manager: it gives a client messages, and notes what the client calls. */
async function startStandIn() {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url?.replace(/\?.*/, '') ?? '';
    const sent = await text(request);
    if (sent !== '') calls.push({ path, key: request.headers.authorization, body: JSON.parse(sent) });
    const outcome = 'moved';
    response.end(JSON.stringify({ code: 0, errcode: 0, access_token: 'token', outcome }));
  });
  const sockets = new WebSocketServer({ server });
  const connected = once(sockets, 'connection') as Promise<[WebSocket]>;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let messages = 0;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** @returns the only call that the handler made, once the message is taken. */
    async say(message: object): Promise<Call | undefined> {
      const [socket] = await connected;
      const id = `msg_${messages++}`;
      const said = {
        msgid: id,
        open_kfid: 'wkAccount',
        send_time: 1,
        origin: 3,
        msgtype: 'text',
        ...message,
      };
      const about = { id, attempt: 1, openKfId: 'wkAccount', corpId: 'wwCorp', ageMs: 1 };
      const taken = new Promise<void>((resolve) => {
        socket.on('message', (data: Buffer) => data.includes(`"ack"`) && data.includes(id) && resolve());
      });
      socket.send(JSON.stringify({ type: 'event', ...about, message: said }));
      await taken;
      const [call] = calls.splice(0);
      return call;
    },
    async close(): Promise<void> {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const RUNS = [
  {
    language: 'TypeScript',
    echo: 'packages/client-typescript/examples/echo.ts',
    people: 'packages/client-typescript/examples/people.ts',
    runtime: undefined,
    its: it,
  },
  {
    language: 'Python',
    echo: 'packages/client-python/examples/echo.py',
    people: 'packages/client-python/examples/people.py',
    runtime: PYTHON,
    its: runsPython ? it : it.skip,
  },
];

type Run = Pick<(typeof RUNS)[number], 'echo' | 'runtime'>;

function launchEcho(
  { echo, runtime }: Run,
  key: string,
  corpSecret = wecom.corpSecret,
  url = manager.url,
): ExampleProcess {
  const env = {
    WXKF_MANAGER: url,
    WXKF_KEY: key,
    CORP_SECRET: corpSecret,
    PYTHONPATH: resolve('packages/client-python'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const bot = startExample(echo, env, runtime);
  running.push(bot);
  return bot;
}

/** On the next account, until it is connected. */
async function beginEcho(run: Run, corpSecret?: string, more: object = {}) {
  const { id, key, openKfIds } = await addBot(more);
  const bot = launchEcho(run, key, corpSecret);
  await until(() => isConnected(id));
  return { bot, key, openKfId: openKfIds[0] ?? '' };
}

const repliesOf = (openKfId: string): string[] =>
  wecom.corp.chat.messages
    .filter((message) => message.from === 'bot' && message.openKfId === openKfId)
    .map(({ body }) => String(body.content));

describe.each(RUNS)('the client in $language', ({ echo, people, runtime, its }) => {
  let openKfId: string;
  let bot: ExampleProcess;

  const launch = (key: string, corpSecret?: string): ExampleProcess =>
    launchEcho({ echo, runtime }, key, corpSecret);

  const begin = async (corpSecret?: string, more: object = {}): Promise<string> => {
    const begun = await beginEcho({ echo, runtime }, corpSecret, more);
    ({ openKfId, bot } = begun);
    return begun.key;
  };

  const replies = (): string[] => repliesOf(openKfId);

  const isWaiting = async (): Promise<boolean> => {
    const response = await fetch(`${manager.url}/api/v1/messages?openKfId=${openKfId}&state=waiting`);
    const { items } = (await response.json()) as { readonly items: readonly object[] };
    return items.length > 0;
  };

  const callsToSend = (): number =>
    wecom.calls.records.filter(({ api, request }) => api === 'kf/send_msg' && request.includes(openKfId))
      .length;

  its('gives each message once and in order, and answers it through the manager', async () => {
    await begin();
    const texts = ['one', '二', 'three'];
    for (const text of texts) wecom.say(text, { openKfId });
    await until(() => replies().length >= texts.length);
    expect(replies()).toEqual(texts);
    expect(await bot.stop()).toBe(0);
    // The last one is acknowledged, though the signal came before its handler was told that the reply was sent.
    await until(async () => !(await isWaiting()));
    wecom.say('while it is away', { openKfId });
    expect(replies()).toEqual(texts);
  });

  its('has a message come again while WeCom answers -1 or 45009 to its reply', async () => {
    await begin();
    refusals.faults.push(-1, 45009);
    wecom.say('one', { openKfId });
    await until(() => replies().length > 0);
    expect([replies(), refusals.faults]).toEqual([['one'], []]);
  });

  its('is given a message again when its handler failed', async () => {
    const key = await begin('another-secret');
    wecom.say('not answered at once', { openKfId });
    await bot.line(/40001|40013/);
    expect(await bot.stop()).toBe(0);
    bot = launch(key);
    await until(() => replies().length > 0);
    expect(replies()).toEqual(['not answered at once']);
  });

  its('reads the longest message that the manager keeps', async () => {
    await begin();
    // No reply of that length can be sent, so the handler fails: it has seen the message.
    wecom.say('x'.repeat(LONGEST_TEXT), { openKfId });
    const attempt = (await manager.line(
      ({ msg, openKfId: id }) => msg === 'message.attempted' && id === openKfId,
    )) as { readonly reason?: string };
    expect(attempt.reason).toMatch(/^the client (did|could) not take it/);
  });

  its('acknowledges what a handler took for longer than the manager waits, and runs it once', async () => {
    await begin(undefined, { callback: { timeoutMs: 500 } });
    wecom.faults.apiDelayMs = 700;
    wecom.say('one', { openKfId });
    wecom.say('two', { openKfId });
    await until(() => replies().length >= 2).finally(() => {
      wecom.faults.apiDelayMs = 0;
    });
    expect(replies()).toEqual(['one', 'two']);
    await until(async () => !(await isWaiting()));
    expect(callsToSend()).toBe(2);
  });

  its(
    'connects again when a connection that was ready ends as one that the manager does not take',
    async () => {
      const standIn = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      await once(standIn, 'listening');
      let connections = 0;
      standIn.on('connection', (socket) => {
        connections++;
        socket.once('message', () => {
          socket.send(JSON.stringify({ type: 'ready', heartbeatS: 30, ackMs: 5_000, accounts: [] }));
          socket.close(1008, 'more than 300 frames acknowledged nothing');
        });
      });
      const { port: standInPort } = standIn.address() as AddressInfo;
      bot = launchEcho({ echo, runtime }, 'wxkf_key', 'secret', `http://127.0.0.1:${standInPort}`);
      await until(() => connections >= 2).finally(() => standIn.close());
    },
  );

  its('names the texts that a message was joined from, and hands its customer over', async () => {
    const standIn = await startStandIn();
    bot = launchEcho({ echo: people, runtime }, 'wxkf_key', 'secret', standIn.url);
    const customer = { external_userid: 'wmCustomer' };
    expect(await standIn.say({ ...customer, text: { content: 'a\nb' }, merged: ['m0', 'm1'] })).toMatchObject(
      {
        path: '/cgi-bin/kf/send_msg',
        body: { touser: 'wmCustomer', text: { content: 'You wrote 2 texts.' } },
      },
    );
    expect(await standIn.say({ ...customer, text: { content: '人工' } })).toEqual({
      path: '/puppetWxkfManager/sessions/handOver',
      key: 'Bearer wxkf_key',
      body: { openKfId: 'wkAccount', externalUserId: 'wmCustomer', text: 'A person will answer you.' },
    });
    await standIn.close();
  });

  its('ends, and says why, when its key does not count', async () => {
    const key = `wxkf_${'k'.repeat(43)}`;
    bot = launch(key);
    expect(await bot.exited).toBe(1);
    expect(bot.lines.join('\n')).toMatch(/key|401|AUTH_WRONG/i);
    expect(bot.lines.join('\n')).not.toContain(key);
  });
});

it('the clients in all languages, and wxkf-manager connect, connect again when the manager has been started again, and miss nothing', async () => {
  const runs = RUNS.filter(({ runtime }) => runtime !== PYTHON || runsPython);
  const begun = await Promise.all(runs.map((run) => beginEcho(run)));
  const [program, bot] = [await startPuppetServer(), await addBot({})];
  const connect = startConnect(bot.key, ['--manager', manager.url, '--forward', program.url]);
  running.push(connect);
  await connect.line(/ connected to /);

  await manager.stop();
  await connect.line(/connecting again in/);
  manager = await start();
  const given = program.next();
  for (const { openKfId } of begun) wecom.say('after the start', { openKfId });
  wecom.say('after the start', { openKfId: bot.openKfIds[0] ?? '' });
  await until(() => begun.every(({ openKfId }) => repliesOf(openKfId).length > 0));
  expect(begun.map(({ openKfId }) => repliesOf(openKfId))).toEqual(begun.map(() => ['after the start']));
  expect(JSON.parse((await given).body).text.content).toBe('after the start');
  await program.close();
});
