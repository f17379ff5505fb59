/** What clients of streams may make the manager hold: frames that are not complete, and connections. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { PeakMemory } from '../support/process-memory.js';
import { postJson } from '../support/puppet-server.js';
import { StreamBot } from '../support/stream-bot.js';
import { until } from '../support/until.js';

const CONNECTIONS = 200;
const AT_ONCE = 20;
/** An eighth of BODIES_MAX_BYTES, what sockets hold, and what a garbage collection has not looked at yet. */
const MEMORY_MB_MAX = 100;
/** A bot has 8 MB, and each of them holds 128 kB. */
const WITHIN_BUDGET = 66;
const CORP = 'wwStreamMemory';
const ACCOUNT = 'wkStreamMemory';

let place: Place;
let manager: ManagerProcess;
let key: string;
let sockets: Socket[] = [];

beforeAll(async () => {
  place = embeddedPlace();
  manager = await startManager({ ...place.env, HOST: '127.0.0.1' });
  key = await addBot(CORP, [ACCOUNT]);
});

/** @returns its key. */
async function addBot(corpId: string, openKfIds: readonly string[]): Promise<string> {
  const bot = { name: 'Laptop', corpId, openKfIds, kind: 'stream', takes: 'event' };
  const response = await postJson(`${manager.url}/api/v1/bots`, bot);
  return ((await response.json()) as BotCreatedAnswer).key;
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await until(() => sockets.every(({ closed }) => closed));
  sockets = [];
});

afterAll(async () => {
  await manager.stop('SIGKILL');
  await place.discard();
});

/** A frame of a client (RFC 6455, 5.2), masked with zeros. @param opcode 0 goes on with a message, 1 begins a text. */
function toFrame(opcode: number, payload: Buffer, { isLast }: { readonly isLast: boolean }): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  head[0] = opcode | (isLast ? 128 : 0);
  head[1] = 128 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 8) head.writeUInt16BE(length, 2);
  if (head.length === 14) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** A client that has said who it is, and says then what is given. */
async function openRaw(clientId: string, said: Buffer): Promise<Socket> {
  const { hostname, port } = new URL(manager.url);
  const socket = connect({ port: Number(port), host: hostname });
  sockets.push(socket);
  socket.on('error', () => {});
  const head = [
    'GET /puppetWxkfManager/stream HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: Bearer ${key}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1\.1 101 /);
  const hello = { type: 'hello', version: 1, clientId };
  socket.write(toFrame(1, Buffer.from(JSON.stringify(hello)), { isLast: true }));
  await once(socket, 'data');
  socket.resume();
  socket.write(said);
  return socket;
}

const isDelivered = async (): Promise<boolean> => {
  const body = { openKfId: ACCOUNT, token: 'ENC1' };
  const answer = await postJson(`${manager.url}/callback/decrypted/${CORP}`, body);
  return ((await answer.json()) as { readonly delivery: string }).delivery === 'delivered';
};

const SHORT = Buffer.from('x');
const begun = (payload: Buffer) => toFrame(1, payload, { isLast: false });
const more = (payload: Buffer) => toFrame(0, payload, { isLast: false });

it.each<[string, Buffer]>([
  [
    'of many fragments of one byte',
    Buffer.concat([begun(SHORT), ...Array.from({ length: 16_000 }, () => more(SHORT))]),
  ],
  ['of one long fragment', begun(Buffer.alloc(130_000))],
  ['of one long frame that does not end', begun(Buffer.alloc(131_000)).subarray(0, 130_000)],
])(
  'messages %s that are not complete take little memory, and others have their events',
  async (_what, said) => {
    const own = new StreamBot(manager.url, key, { clientId: 'own' });
    await own.ready();
    const memory = PeakMemory.from(manager.pid);
    for (let n = 0; n < CONNECTIONS; n += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => openRaw(`hostile-${n + k}`, said)));
    await until(() => sockets.every(({ closed, writableLength }) => closed || writableLength === 0));
    // All that was sent before is read by then.
    expect(await isDelivered()).toBe(true);
    expect(memory.grownMb()).toBeLessThan(MEMORY_MB_MAX);
    // Beyond the budget their connections end.
    await until(() => sockets.filter(({ closed }) => !closed).length <= WITHIN_BUDGET);
    expect(own.events.length).toBeGreaterThan(0);
    await own.close();
  },
);

it('what one bot leaves incomplete takes nothing from another at the same address', async () => {
  const other = await addBot('wwStreamMemoryOther', ['*']);
  await Promise.all(
    Array.from({ length: WITHIN_BUDGET + 10 }, (_, n) => openRaw(`long-${n}`, begun(Buffer.alloc(130_000)))),
  );
  // Less is left than the hello below has.
  await Promise.all(Array.from({ length: 10 }, (_, n) => openRaw(`short-${n}`, begun(Buffer.alloc(17_000)))));
  await until(() => sockets.some(({ closed }) => closed));
  const openKfIds = Array.from({ length: 1_000 }, (_, n) => `wkAccountOfTheOther-${n}`);
  const bot = new StreamBot(manager.url, other, { hello: { openKfIds } });
  await until(() => bot.all('ready').length > 0 || bot.closed !== null);
  expect(bot.closed).toBeNull();
  await bot.close();
});
