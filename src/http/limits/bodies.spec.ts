import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import { Bodies, type JsonBytes } from './bodies.js';
import { BodyBudget } from './body-budget.js';
import { toAppError } from '../answers/error-answer.js';

const LIMITS = { callbackBytesMax: 100_000, streamedBytesMax: 1_000_000 };
const IN_ALL_BYTES_MAX = 8 * 150_000;

let app: FastifyInstance;
/** Addresses of which too many callbacks were refused. */
let refused: Set<string>;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  refused = new Set();
  app = fastify({ forceCloseConnections: true });
  const findTooMany = (address = '') =>
    refused.has(address) ? new AppError('CALLBACK_TOO_MANY_REFUSED') : null;
  new Bodies(LIMITS, new BodyBudget(IN_ALL_BYTES_MAX), { findTooMany }).read(app);
  app.setErrorHandler((thrown, _request, reply) => {
    const { code, message } = toAppError(thrown);
    reply.code(ERRORS[code].status).send({ error: code, message });
  });
  const told = async ({ body, bodyStream }: { body: unknown; bodyStream: unknown }) => {
    const bytes = body instanceof Buffer ? body : (body as JsonBytes | undefined)?.bytes;
    return { bytes: bytes?.length ?? null, isStreamed: bodyStream !== null };
  };
  app.post('/callback', { config: { takesBody: 'callback' } }, told);
  app.post('/json', { config: { takesBody: 'json' } }, told);
  app.post('/streamed', { config: { takesBody: 'streamed' } }, told);
  const echo = async ({ bodyStream }: { bodyStream: Readable | null }) =>
    text(bodyStream ?? Readable.from([]));
  app.post('/echo', { config: { takesBody: 'streamed' } }, echo);
  app.post('/none', told);
  await app.listen({ port: 0, host: '127.0.0.1' });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await app.close();
});

/** A body that does not say its length, of which these chunks are sent. */
async function sendChunks(path: string, chunks: string): Promise<Socket> {
  const socket = await open();
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
  );
  return socket;
}

async function open(localAddress = '127.0.0.1'): Promise<Socket> {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A request of which so much is sent. */
async function send(
  path: string,
  body: Buffer | string,
  announced = Buffer.byteLength(body),
  from = '127.0.0.1',
): Promise<Socket> {
  const socket = await open(from);
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${announced}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), Buffer.from(body)]));
  return socket;
}

async function answerOn(socket: Socket): Promise<string> {
  const answer = await text(socket).catch(() => 'closed');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return `${head.slice(9, 12)} ${body}`;
}

const ask = async (...request: Parameters<typeof send>) => answerOn(await send(...request));
const bytes = (count: number) => Buffer.alloc(count, 'x');

/** What one address has, by two that are half sent. */
async function spendShare(from?: string): Promise<Socket[]> {
  const held = [
    await send('/callback', bytes(70_000), 74_000, from),
    await send('/callback', bytes(70_000), 74_000, from),
  ];
  // Who comes later is read later.
  expect(await ask('/none', '')).toMatch(/^200/);
  return held;
}

describe('a body', () => {
  it('is read where its route takes one, and left unread where none does', async () => {
    expect(await ask('/callback', bytes(100_000))).toBe('200 {"bytes":100000,"isStreamed":false}');
    expect(await ask('/json', bytes(65_536))).toBe('200 {"bytes":65536,"isStreamed":false}');
    expect(await ask('/none', bytes(10))).toBe('200 {"bytes":null,"isStreamed":false}');
    expect(await ask('/nowhere', bytes(10))).toMatch(/^404/);
  });

  it('that is only half there is waited for where a route takes it, and by no other', async () => {
    expect(await ask('/none', bytes(10), 1_000_000)).toMatch(/^200/);
    expect(await ask('/nowhere', bytes(10), 1_000_000)).toMatch(/^404/);
  });

  it('is streamed where that is the route, and it is long', async () => {
    expect(await ask('/streamed', bytes(65_536))).toBe('200 {"bytes":65536,"isStreamed":false}');
    expect(await ask('/streamed', bytes(65_537))).toBe('200 {"bytes":null,"isStreamed":true}');
  });

  it.each([
    ['/callback', 100_001, 'at most 100000 bytes'],
    ['/json', 65_537, 'at most 65536 bytes'],
    ['/streamed', 1_000_001, 'at most 1000000 bytes'],
  ])('of %s has a limit, by what is announced', async (path, length, reason) => {
    expect(await ask(path, '', length)).toMatch(new RegExp(`^413 .*REQUEST_BODY_TOO_LARGE.*${reason}`));
  });

  it('has the same limit where nothing is announced', async () => {
    const socket = await sendChunks('/json', `${(65_537).toString(16)}\r\n`);
    socket.write(bytes(65_537));
    expect(await answerOn(socket)).toMatch(/^413/);
  });

  it.each([
    [65_536, '{"bytes":65536,"isStreamed":false}'],
    [65_537, '{"bytes":null,"isStreamed":true}'],
  ])('that does not say its length is streamed where it is long: of %d bytes', async (length, told) => {
    const chunk = `${length.toString(16)}\r\n${'x'.repeat(length)}\r\n`;
    expect(await answerOn(await sendChunks('/streamed', `${chunk}0\r\n\r\n`))).toBe(`200 ${told}`);
  });

  it('that is streamed has all its bytes, in their order', async () => {
    const parts = Array.from({ length: 100 }, (_, n) => String(n).repeat(500));
    const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    const socket = await sendChunks('/echo', `${chunks.join('')}0\r\n\r\n`);
    expect(await answerOn(socket)).toBe(`200 ${parts.join('')}`);
  });
});

describe('callbacks of an address of which too many were refused', () => {
  beforeEach(() => void refused.add('127.0.0.1'));

  it('are read where they are as short as those of WeCom, and refused unread where they are longer', async () => {
    expect(await ask('/callback', bytes(16_384))).toMatch(/^200/);
    expect(await ask('/callback', '', 16_385)).toMatch(/^429 .*CALLBACK_TOO_MANY_REFUSED/);
    expect(await ask('/json', bytes(20_000))).toMatch(/^200/);
    expect(await ask('/callback', bytes(20_000), 20_000, '127.0.0.2')).toMatch(/^200/);
  });

  it('are refused once they are long where they do not say their length', async () => {
    const chunk = `1000\r\n${'x'.repeat(4_096)}\r\n`;
    expect(await answerOn(await sendChunks('/callback', `${chunk.repeat(4)}0\r\n\r\n`))).toMatch(/^200/);
    expect(await answerOn(await sendChunks('/callback', chunk.repeat(5)))).toMatch(/^429/);
  });
});

describe('bodies that are being read', () => {
  it('have a budget for each address, beyond which a long one is refused and one of a callback is taken', async () => {
    await spendShare();
    expect(await ask('/callback', bytes(30_000))).toMatch(/^503 .*REQUEST_BODIES_TOO_MANY/);
    expect(await ask('/callback', bytes(10_000))).toMatch(/^200/);
    expect(await ask('/json', bytes(10_000))).toMatch(/^200/);
    expect(await ask('/callback', bytes(30_000), 30_000, '127.0.0.2')).toMatch(/^200/);
  });

  it('have a budget for all', async () => {
    for (let n = 2; n < 10; n++) await spendShare(`127.0.0.${n}`);
    expect(await ask('/callback', bytes(100_000))).toMatch(/^503 .*REQUEST_BODIES_TOO_MANY/);
    expect(await ask('/callback', bytes(10_000))).toMatch(/^200/);
  });

  it.each(['hang up', 'send the rest'])('are counted no longer when their callers %s', async (how) => {
    const held = await spendShare();
    for (const socket of held) {
      const closed = once(socket, 'close');
      if (how === 'hang up') socket.destroy();
      else {
        socket.write(bytes(4_000));
        expect(await answerOn(socket)).toMatch(/^200/);
      }
      await closed;
    }
    // More than is left where one of them is counted still.
    expect(await ask('/callback', bytes(100_000))).toMatch(/^200/);
  });

  it.each(['/callback', '/streamed'])(
    'count each piece by what it takes beside its bytes, at %s',
    async (path) => {
      // A thousand bytes, which are held as more than 150,000.
      const socket = await sendChunks(path, '1\r\nx\r\n'.repeat(1_000));
      expect(await answerOn(socket)).toMatch(/^503/);
    },
  );
});
