import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  blackHole,
  client,
  clock,
  closeAll,
  deliver,
  exchangesEnded,
  holdingPuppet,
  LIMIT_MS,
  openClient,
  puppetServer,
  rawServer,
  resultsOf,
  SOCKETS,
  SWEEPERS,
  start,
  startMany,
  TAKEN,
  untilReceived,
  watch,
} from '../../../test/support/delivery.js';
import { pour, refusedUrl } from '../../../test/support/raw-server.js';

beforeEach(openClient);
afterEach(closeAll);

describe('an answer', () => {
  it.each([200, 201, 202, 204, 299])('of %d is taken', async (status) => {
    const server = await puppetServer((_request, response) => void response.writeHead(status).end());
    expect(await deliver(server.url)).toEqual({ taken: true, status });
  });

  it.each([400, 404, 413, 429, 500, 503])('of %d is not', async (status) => {
    const server = await puppetServer((_request, response) => void response.writeHead(status).end());
    expect(await deliver(server.url)).toEqual({
      taken: false,
      stage: 'status',
      reason: `the answer was ${status}`,
      status,
    });
  });

  it.each([301, 302, 307, 308])('of %d is not, and is not followed', async (status) => {
    const elsewhere = await puppetServer();
    const server = await puppetServer(
      (_request, response) => void response.writeHead(status, { location: elsewhere.url }).end(),
    );
    expect(await deliver(server.url)).toMatchObject({ taken: false, stage: 'status' });
    // Whatever might have followed would be ahead of this one.
    await deliver(elsewhere.url, { id: 'asked for' });
    expect(elsewhere.received.map(({ headers }) => headers['webhook-id'])).toEqual(['asked for']);
  });

  it('is taken at its status line, though its body never ends', async () => {
    const server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
    });
    expect(await deliver(server.url)).toEqual({ taken: true, status: 200 });
    await clock.advance(LIMIT_MS);
    await server.allClosed();
  });

  it.each([
    ['103 early hints', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
    ['102 processing, twice', 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n'],
  ])('counts after %s', async (_what, before) => {
    const server = await rawServer((socket) => void socket.write(before + TAKEN));
    expect(await deliver(server.url)).toEqual({ taken: true, status: 200 });
    expect(server.requests).toBe(1);
  });

  it('that pours out 1xx is cut off, long before the time limit', async () => {
    const server = await rawServer((socket) =>
      pour(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
    );
    expect(await deliver(server.url)).toMatchObject({
      taken: false,
      stage: 'reset',
      reason: 'the connection broke (too many answers of 1xx)',
    });
    await server.allClosed();
  });

  it('of status 200 to HTTP/1.0, closed without a length, is taken', async () => {
    const server = await rawServer((socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nsuccess'));
    expect(await deliver(server.url)).toEqual({ taken: true, status: 200 });
    await server.allClosed();
  });
});

describe('what follows a status', () => {
  it.each([
    ['without an end', 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n', 'x'.repeat(4_096)],
    [
      'in chunks without an end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
      `400\r\n${'x'.repeat(1_024)}\r\n`,
    ],
    ['of a refusal', 'HTTP/1.1 500 No\r\ncontent-length: 999999999\r\n\r\n', 'x'.repeat(4_096)],
  ])('is cut after 16 kB when it is a body %s', async (_what, head, chunk) => {
    const server = await rawServer((socket) => {
      socket.write(head);
      pour(socket, chunk);
    });
    const sent = server.next();
    await deliver(server.url);
    await server.allClosed();
    // No more than the two sides' socket buffers hold.
    expect((await sent).bytesWritten).toBeLessThan(32_000_000);
  });

  it('may be 16 kB long, and the connection is used again', async () => {
    const answer = `HTTP/1.1 200 OK\r\ncontent-length: 16384\r\n\r\n${'x'.repeat(16_384)}`;
    const server = await rawServer((socket) => void socket.write(answer));
    for (let n = 0; n < 3; n++) {
      expect(await deliver(server.url)).toMatchObject({ taken: true });
      await exchangesEnded();
    }
    expect(server.connections).toBe(1);
  });

  it('is cut after 5 s when it trickles', async () => {
    const server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n');
      const trickle = (): void => {
        if (socket.writable) socket.write('x', () => setImmediate(trickle));
      };
      trickle();
    });
    const sent = server.next();
    expect(await deliver(server.url)).toEqual({ taken: true, status: 200 });
    await clock.advance(LIMIT_MS - 1);
    expect((await sent).destroyed).toBe(false);
    await clock.advance(1);
    await server.allClosed();
  });
});

describe('a puppet that fails', () => {
  it('to be there is a failure to connect', async () => {
    expect(await deliver(await refusedUrl())).toEqual({
      taken: false,
      stage: 'connect',
      reason: 'no connection (ECONNREFUSED)',
      code: 'ECONNREFUSED',
    });
  });

  it('to have a name that exists is a failure to connect', async () => {
    expect(await deliver('http://no-such-host.invalid')).toMatchObject({ taken: false, stage: 'connect' });
  });

  it('to speak TLS where the endpoint says so is a failure to connect', async () => {
    const server = await puppetServer();
    expect(await deliver(server.url.replace('http:', 'https:'))).toMatchObject({
      taken: false,
      stage: 'connect',
    });
    expect(server.received).toEqual([]);
  });

  it('to be reached within 5 s is a failure to connect: it can have seen nothing', async () => {
    const hole = await blackHole();
    const attempt = start(hole.url);
    await clock.advance(LIMIT_MS);
    expect(await attempt.result).toEqual({
      taken: false,
      stage: 'connect',
      reason: 'no connection within 5 s',
    });
  });

  it('to answer in 5 s has timed out, and no connection to it stays open', async () => {
    const server = await rawServer(() => {});
    const sent = server.next();
    const attempt = start(server.url);
    const state = watch(attempt.result);
    await sent;
    await clock.advance(LIMIT_MS - 1);
    expect(state.isSettled).toBe(false);
    await clock.advance(1);
    expect(await attempt.result).toMatchObject({ taken: false, stage: 'timeout' });
    await server.allClosed();
    expect(server.requests).toBe(1);
  });

  it.each([
    ['a reset', (socket: Socket) => void socket.resetAndDestroy()],
    ['an end', (socket: Socket) => void socket.end()],
  ])('with %s before the status is a reset', async (_what, fail) => {
    const server = await rawServer(fail);
    expect(await deliver(server.url)).toMatchObject({ taken: false, stage: 'reset' });
    await server.allClosed();
  });

  it.each([
    ['a status line that is none', 'SIP/2.0 banana\r\n\r\n'],
    ['a status line without a number', 'HTTP/1.1 OK\r\n\r\n'],
    ['a greeting of another protocol', '220 mail.example ESMTP\r\n'],
    ['half a status line and an end', 'HTTP/1.1 2'],
    ['half its headers and an end', 'HTTP/1.1 200 OK\r\nconnec'],
    ['103 and an end', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['101 unasked', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['100 unasked', `HTTP/1.1 100 Continue\r\n\r\n${TAKEN}`],
    ['a header of 100 kB', `HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
  ])('with %s is told in few words, and is not asked twice', async (_what, answer) => {
    const server = await rawServer((socket) => void socket.end(answer));
    const result = await deliver(server.url);
    expect(result).toMatchObject({
      taken: false,
      stage: 'reset',
      reason: expect.stringMatching(/^.{1,200}$/),
    });
    await server.allClosed();
    expect(server.requests).toBe(1);
  });

  it('with headers that never end is cut off', async () => {
    const server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      pour(socket, 'x-more: and more\r\n'.repeat(100));
    });
    expect(await deliver(server.url)).toMatchObject({ taken: false, stage: 'reset' });
    await server.allClosed();
  });

  it('with a long text beside its status does not get it into the reason', async () => {
    const server = await rawServer(
      (socket) => void socket.end(`HTTP/1.1 500 ${'no '.repeat(5_000)}\r\ncontent-length: 0\r\n\r\n`),
    );
    expect(await deliver(server.url)).toMatchObject({ reason: 'the answer was 500' });
  });
});

describe('a kept connection', () => {
  it('is used again', async () => {
    const server = await rawServer((socket) => void socket.write(TAKEN));
    for (let n = 0; n < 5; n++) {
      await deliver(server.url);
      await exchangesEnded();
    }
    expect(server.connections).toBe(1);
  });

  it.each([
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
    ['ends', (socket: Socket) => void socket.destroy()],
  ])(
    'that the puppet %s just as it is used is no failure: the request goes out once more',
    async (_what, fail) => {
      const server = await rawServer((socket, number) => {
        if (number === 2) fail(socket);
        else socket.write(TAKEN);
      });
      await deliver(server.url);
      await exchangesEnded();
      expect(await deliver(server.url)).toEqual({ taken: true, status: 200 });
      expect(server.requests).toBe(3);
      expect(server.connections).toBe(2);
    },
  );

  it('that breaks is replaced once and not again', async () => {
    const server = await rawServer((socket, number) => {
      if (number === 1) socket.write(TAKEN);
      else socket.resetAndDestroy();
    });
    await deliver(server.url);
    await exchangesEnded();
    expect(await deliver(server.url)).toMatchObject({ taken: false, stage: 'reset' });
    expect(server.requests).toBe(3);
  });

  it('that breaks leaves the second try what is left of the 5 s', async () => {
    const server = await rawServer((socket, number) => {
      if (number === 1) void clock.advance(3_000).then(() => socket.resetAndDestroy());
    });
    const attempt = start(server.url);
    await server.next();
    await server.next();
    await clock.advance(LIMIT_MS - 3_000);
    expect(await attempt.result).toMatchObject({ taken: false, stage: 'timeout' });
    await server.allClosed();
  });

  it('that breaks has let the puppet see the event, which is too late to withdraw while it waits again', async () => {
    const server = await rawServer(() => {});
    const attempt = start(server.url);
    const socket = await server.next();
    const others = startMany(server.url, SOCKETS);
    while (server.requests < SOCKETS) await server.next();
    socket.resetAndDestroy();
    // The new connection goes to the one that waited longest; ours is behind it.
    await server.next();
    expect(attempt.withdraw()).toBe(false);
    await client.close();
    expect(await attempt.result).toMatchObject({ taken: false, stage: 'reset' });
    await resultsOf(others);
  });
});

describe('withdraw', () => {
  it('before there is a connection gives up, and nothing is sent later', async () => {
    const server = await puppetServer();
    const attempt = start(server.url, { id: 'withdrawn' });
    expect(attempt.withdraw()).toBe(true);
    expect(await attempt.result).toMatchObject({ taken: false, stage: 'withdrawn' });
    // In the same queue, after it.
    await deliver(server.url, { id: 'later' });
    expect(server.received.map(({ headers }) => headers['webhook-id'])).toEqual(['later']);
  });

  it('while all connections are busy gives up and costs none of them', async () => {
    const { server, held, release } = await holdingPuppet();
    const busy = startMany(server.url, SOCKETS);
    await untilReceived(server, SOCKETS);
    const sockets = new Set(held.map(({ req }) => req.socket));
    const waiting = startMany(server.url, 100);
    expect(waiting.map((attempt) => attempt.withdraw())).not.toContain(false);
    expect(await resultsOf(waiting)).toEqual(
      waiting.map(() => ({ taken: false, stage: 'withdrawn', reason: expect.any(String) })),
    );
    expect(clock.pendingTimers).toBe(SWEEPERS + SOCKETS);
    release();
    await resultsOf(busy);
    server.behave((request, response) => {
      sockets.add(request.socket);
      response.end('success');
    });
    await resultsOf(startMany(server.url, SOCKETS));
    expect(server.received).toHaveLength(2 * SOCKETS);
    expect(sockets.size).toBe(SOCKETS);
  });

  it('while nobody answers the connection gives up', async () => {
    const hole = await blackHole();
    const attempt = start(hole.url);
    await clock.advance(1_000);
    expect(attempt.withdraw()).toBe(true);
    expect(await attempt.result).toMatchObject({ taken: false, stage: 'withdrawn' });
  });

  it('after the request went out does nothing', async () => {
    const { server, release } = await holdingPuppet();
    const attempt = start(server.url);
    await untilReceived(server, 1);
    expect(attempt.withdraw()).toBe(false);
    release();
    expect(await attempt.result).toEqual({ taken: true, status: 200 });
    expect(attempt.withdraw()).toBe(false);
  });
});
