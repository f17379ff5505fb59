/** What the load test's generator must not hide, since a run with one lost answer is no result. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Generator, type Load } from '../../lab/bench/load/generator.js';

const OK = answerOf('200 OK', 'success');
const REQUESTS = [0, 1, 2].map((number) => ({ number, request: requestOf(number) }));
type Numbered = (typeof REQUESTS)[number];

let server: Server;
let sockets: Socket[];
/** What was asked of the server, and how often. */
let targets: string[];
let requests: number;
let answerTo: (socket: Socket) => unknown;

beforeEach(async () => {
  [sockets, targets, requests] = [[], [], 0];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const [, target] = /^GET (\S+) HTTP\/1.1\r\nHost: 127.0.0.1\r\n\r\n$/.exec(String(chunk)) ?? [];
      if (target === undefined) throw new Error(`not the request: ${chunk}`);
      targets.push(target);
      requests += 1;
      answerTo(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

it('sends in turns, and counts each right answer once', async () => {
  const seen: number[] = [];
  const generator = start((socket) => socket.write(OK), { onAccepted: ({ number }) => seen.push(number) }, 1);
  await until(() => generator.accepted >= 30);
  const latencies = generator.measure();
  await until(() => latencies.percentile(1) > 0);
  await generator.stop();
  const inTurns = Array.from({ length: requests }, (_, index) => index % 3);
  expect(targets).toEqual(inTurns.map((number) => `/${number}`));
  expect(seen).toEqual(inTurns);
  expect(judge(generator)).toEqual({ accepted: requests });
});

it('counts each answer that is not 200', async () => {
  const generator = start((socket) => socket.write(answerOf('503 Service Unavailable', '')));
  await until(() => requests >= 10);
  await generator.stop();
  expect(judge(generator)).toEqual({ accepted: 0, 'status 503': requests });
});

it('counts each 200 that is not the answer', async () => {
  const answers = [answerOf('200 OK', '{"errcode":45009}'), answerOf('200 OK', 'another'), OK];
  const generator = start((socket) => socket.write(answers[requests % 3] ?? OK), {
    isRight: (body) => body === 'success',
  });
  await until(() => requests >= 30);
  await generator.stop();
  const [refused, wrong] = [Math.floor(requests / 3), Math.floor((requests + 2) / 3)];
  expect(judge(generator)).toEqual({
    accepted: requests - refused - wrong,
    '200, but errcode 45009': refused,
    '200, but not the answer': wrong,
  });
});

it.each([
  ['closes', (socket: Socket) => socket.end(), 'closed without an answer'],
  ['closes within the answer', (socket: Socket) => socket.end(OK.slice(0, -3)), 'closed without an answer'],
  ['is reset', (socket: Socket) => socket.resetAndDestroy(), 'ECONNRESET'],
])('counts each request whose connection %s, and opens another', async (_how, breakIt, reason) => {
  const generator = start((socket) => (requests % 4 === 0 ? breakIt(socket) : socket.write(OK)));
  await until(() => requests >= 40);
  await generator.stop();
  const broken = Math.floor(requests / 4);
  expect(judge(generator)).toEqual({ accepted: requests - broken, [reason]: broken });
});

it('sends nothing more on a connection that an answer closes', async () => {
  const generator = start((socket) => socket.end(answerOf('200 OK', 'success', 'Connection: close\r\n')));
  await until(() => requests >= 10);
  await generator.stop();
  expect(judge(generator)).toEqual({ accepted: requests });
});

it('waits at the end for what is under way, and sends nothing more', async () => {
  const generator = start(() => undefined);
  await until(() => requests === 4);
  const stopped = generator.stop();
  for (const socket of sockets) socket.write(OK);
  await stopped;
  await until(() => sockets.every((socket) => socket.closed));
  expect(requests).toBe(4);
  expect(judge(generator)).toEqual({ accepted: 4 });
});

it('counts what has no answer 6 s after the end', async () => {
  const generator = start((socket) => requests > 4 || socket.write(OK));
  await until(() => requests === 8);
  const stoppedAtMs = performance.now();
  await generator.stop();
  expect(performance.now() - stoppedAtMs).toBeGreaterThan(5_900);
  expect(judge(generator)).toEqual({ accepted: 4, 'no answer': 4 });
});

it('counts a request whose connection breaks after the end', async () => {
  const generator = start(() => undefined);
  await until(() => requests === 4);
  const stopped = generator.stop();
  for (const socket of sockets) socket.end();
  await stopped;
  expect(judge(generator)).toEqual({ accepted: 0, 'closed without an answer': 4 });
});

it('counts connections that are refused', async () => {
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const generator = new Generator(port, { requests: REQUESTS });
  generator.start(1);
  await until(() => generator.failures.size > 0);
  await generator.stop();
  expect(judge(generator)).toEqual({ accepted: 0, ECONNREFUSED: expect.any(Number) });
});

function start(answer: (socket: Socket) => unknown, load: Partial<Load<Numbered>> = {}, connections = 4) {
  answerTo = answer;
  const generator = new Generator((server.address() as AddressInfo).port, { requests: REQUESTS, ...load });
  generator.start(connections);
  return generator;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

function judge({ accepted, failures }: Generator<Numbered>): Record<string, number> {
  return { accepted, ...Object.fromEntries(failures) };
}

function answerOf(status: string, body: string, more = ''): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}

function requestOf(number: number) {
  return Buffer.from(`GET /${number} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
}
