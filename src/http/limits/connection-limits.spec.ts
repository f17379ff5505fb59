import { once } from 'node:events';
import { createServer, type Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { queryObjects } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { ConnectionLimits } from './connection-limits.js';
import { HttpCounts } from './http-counts.js';
import { TrustedProxies } from '../request/trusted-proxies.js';

let clock: ManualClock;
let lines: Record<string, unknown>[];
let server: Server;
let counts: HttpCounts;
let asked: { readonly url: string | undefined; readonly answer: ServerResponse }[];
const sockets: Socket[] = [];
/** To count those that are kept. */
class Answer extends ServerResponse {}

beforeEach(async () => {
  clock = new ManualClock();
  lines = [];
  asked = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  server = createServer({ ServerResponse: Answer });
  counts = new HttpCounts(server);
  const most = { inAll: 3, perAddress: 2 };
  const limits = new ConnectionLimits(most, new TrustedProxies(), counts, clock, log);
  limits.hold(server);
  server.on('request', (request, answer) => asked.push({ url: request.url, answer }));
  limits.holdRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

async function open(localAddress: string): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function openRefused(localAddress: string): Promise<void> {
  const socket = await open(localAddress);
  socket.resume();
  await once(socket, 'close');
}

it('tells of the first refused connection at once and of the next ones once a minute, with their numbers', async () => {
  await open('127.0.0.2');
  await open('127.0.0.2');
  await openRefused('127.0.0.2');
  expect(lines).toEqual([
    expect.objectContaining({ inAll: 0, perAddress: 1, address: '127.0.0.2', ofAddress: 1 }),
  ]);
  await openRefused('127.0.0.2');
  await open('127.0.0.3');
  for (let n = 0; n < 3; n++) await openRefused('127.0.0.4');
  await clock.advance(59_999);
  expect(lines).toHaveLength(1);
  await clock.advance(1);
  expect(lines[1]).toMatchObject({ inAll: 3, perAddress: 1, address: '127.0.0.4', ofAddress: 3 });
  await clock.advance(60_000);
  await openRefused('127.0.0.4');
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatchObject({ inAll: 1, perAddress: 0, address: '127.0.0.4', ofAddress: 1 });
  expect(counts.refusedConnections).toEqual({ inAll: 4, perAddress: 2, pipelined: 0 });
  expect(await counts.openConnections()).toBe(3);
});

it('lets an address in again when it has closed one', async () => {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const first = await open('127.0.0.2');
  const [itsEnd] = await accepted;
  await open('127.0.0.2');
  first.destroy();
  await once(itsEnd, 'close');
  const [third] = (await Promise.all([once(server, 'connection'), open('127.0.0.2')]))[0] as [Socket];
  expect(third.destroyed).toBe(false);
  expect(lines).toEqual([]);
});

it('keeps nothing of a request that was answered while its connection is idle', async () => {
  const socket = await open('127.0.0.2');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(server, 'request');
  asked.pop()?.answer.end();
  await once(socket, 'data');
  expect(queryObjects(Answer)).toBe(0);
});

describe('requests that are sent ahead of the answers', () => {
  const requests = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => `GET /${from + at} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');

  async function whenAsked(count: number): Promise<void> {
    while (asked.length < count) await once(server, 'request');
  }

  it('wait for their turn, 16 behind the one that is under way, and again as many as were answered', async () => {
    const socket = await open('127.0.0.2');
    socket.resume().write(requests(17));
    await whenAsked(1);
    for (let at = 0; at < 3; at++) {
      expect(asked).toHaveLength(at + 1);
      asked[at]?.answer.end();
      await whenAsked(at + 2);
    }
    socket.write(requests(3, 17));
    for (let at = 3; at < 20; at++) {
      await whenAsked(at + 1);
      asked[at]?.answer.end();
    }
    await once(asked[19]?.answer as ServerResponse, 'close');
    expect(asked.map(({ url }) => url)).toEqual(Array.from({ length: 20 }, (_, at) => `/${at}`));
    expect(lines).toEqual([]);
  });

  it('beyond that are not served, and their connection is closed, counted and told', async () => {
    const socket = await open('127.0.0.2');
    const closed = once(socket.resume(), 'close');
    socket.write(requests(1_000));
    await closed;
    expect(asked).toHaveLength(1);
    expect(counts.refusedConnections).toEqual({ inAll: 0, perAddress: 0, pipelined: 1 });
    expect(lines).toEqual([expect.objectContaining({ pipelined: 1, address: '127.0.0.2' })]);
  });

  it.each(['is the last one of the connection', 'never comes, since the connection is lost'])(
    'are not served where the answer before them %s',
    async (which) => {
      const socket = await open('127.0.0.2');
      socket.resume().write(requests(3));
      await whenAsked(1);
      const { answer } = asked[0] as { answer: ServerResponse };
      const closed = once(answer, 'close');
      if (which.startsWith('is')) answer.setHeader('connection', 'close').end();
      else socket.destroy();
      await closed;
      await new Promise((resolve) => setImmediate(resolve));
      expect(asked.map(({ url }) => url)).toEqual(['/0']);
    },
  );
});
