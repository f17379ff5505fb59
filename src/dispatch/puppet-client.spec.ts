import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { type Behaviour, type PuppetServer, startPuppetServer } from '../../test/support/puppet-server.js';
import {
  type BlackHole,
  pour,
  type RawServer,
  refusedUrl,
  startBlackHole,
  startRawServer,
} from '../../test/support/raw-server.js';
import { Secret } from '../kernel/secret.js';
import type { Puppet } from '../registry/puppet.js';
import type { Attempt, AttemptResult } from './attempt.js';
import type { KfEvent } from './kf-event.js';
import { PuppetClient } from './puppet-client.js';

const LIMIT_MS = 5_000;
const SOCKETS = 32;
/** The timer that closes unused pools. */
const SWEEPERS = 1;
const DELIVERIES = 512;
const TAKEN = 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nsuccess';

let clock: ManualClock;
let client: PuppetClient;
const opened: { close(): Promise<void> }[] = [];

beforeEach(() => {
  clock = new ManualClock();
  client = new PuppetClient(clock, pino({ level: 'silent' }));
});

afterEach(async () => {
  await client.onApplicationShutdown();
  await Promise.all(opened.splice(0).map((server) => server.close()));
  expect(clock.pendingTimers).toBe(0);
});

async function puppetServer(behaviour?: Behaviour): Promise<PuppetServer> {
  const server = await startPuppetServer(behaviour);
  opened.push(server);
  return server;
}

async function rawServer(onRequest: (socket: Socket, number: number) => void): Promise<RawServer> {
  const server = await startRawServer(onRequest);
  opened.push(server);
  return server;
}

async function blackHole(): Promise<BlackHole> {
  const hole = await startBlackHole();
  opened.push(hole);
  return hole;
}

/** A puppet that answers when it is told to. */
async function holdingPuppet(): Promise<{ server: PuppetServer; held: ServerResponse[]; release(): void }> {
  const held: ServerResponse[] = [];
  const server = await puppetServer((_request, response) => {
    held.push(response);
  });
  return {
    server,
    held,
    release: () => {
      server.behave((_request, response) => void response.end('success'));
      for (const response of held) response.end('success');
    },
  };
}

async function untilReceived(server: PuppetServer, count: number): Promise<void> {
  while (server.received.length < count) await server.next();
}

function puppetAt(endpoint: string): Puppet {
  return {
    openKfId: 'wkAccount',
    name: '客服一号',
    endpoint,
    corpId: 'wwCorp',
    corpSecret: new Secret('corp-secret'),
    callbackToken: new Secret('token'),
    encodingAESKey: new Secret('key'),
    online: true,
    lastOnlineAtMs: null,
  };
}

function kfEvent(fields: Partial<KfEvent> = {}): KfEvent {
  return { id: 'event-1', corpId: 'wwCorp', openKfId: 'wkAccount', syncToken: 'SYNC', raw: null, ...fields };
}

function start(endpoint: string, fields?: Partial<KfEvent>): Attempt {
  return client.start(puppetAt(endpoint), kfEvent(fields), 1);
}

function deliver(endpoint: string, fields?: Partial<KfEvent>): Promise<AttemptResult> {
  return start(endpoint, fields).result;
}

function startMany(endpoint: string, count: number): Attempt[] {
  return Array.from({ length: count }, (_, n) => start(endpoint, { id: `event-${n}` }));
}

function resultsOf(attempts: readonly Attempt[]): Promise<AttemptResult[]> {
  return Promise.all(attempts.map(({ result }) => result));
}

/** Each exchange has a deadline until its answer was read; one turn later its connection is free. */
async function exchangesEnded(): Promise<void> {
  while (clock.pendingTimers > SWEEPERS) await new Promise(setImmediate);
  await clock.advance(0);
}

/** Whether it has settled; a promise cannot be asked. */
function watch(result: Promise<unknown>): { isSettled: boolean } {
  const state = { isSettled: false };
  void result.finally(() => {
    state.isSettled = true;
  });
  return state;
}

describe('what a puppet is sent', () => {
  it('is the raw callback byte for byte, with its three query parameters', async () => {
    const server = await puppetServer();
    const body = Buffer.from([
      0xef, 0xbb, 0xbf, 0x3c, 0x78, 0x3e, 0x00, 0xff, 0xfe, 0xc3, 0x28, 0x0d, 0x0a, 0x0a,
    ]);
    const raw = { msgSignature: 'ab'.repeat(20), timestamp: '1700000000', nonce: '42', body };
    expect(await deliver(server.url, { raw })).toEqual({ taken: true, status: 200 });
    const [received] = server.received;
    expect(received?.bodyBytes.equals(body)).toBe(true);
    expect(received?.target).toBe(`/callback?msg_signature=${'ab'.repeat(20)}&timestamp=1700000000&nonce=42`);
    expect(received?.headers).toMatchObject({
      'content-type': 'text/xml',
      'content-length': String(body.length),
    });
  });

  it('is a raw body of 100 kB unharmed', async () => {
    const server = await puppetServer();
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7) % 256));
    await deliver(server.url, { raw: { msgSignature: 'a', timestamp: '1', nonce: '2', body } });
    const sha256 = (bytes: Buffer | undefined) =>
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
    expect(sha256(server.received[0]?.bodyBytes)).toBe(sha256(body));
  });

  it('is a nonce with special characters, encoded', async () => {
    const server = await puppetServer();
    const nonce = `a+b/c=&timestamp=0?#%41 "<>\\^\`{|}~'!`;
    const raw = { msgSignature: 'a', timestamp: '1', nonce, body: Buffer.from('<xml/>') };
    expect(await deliver(server.url, { raw })).toMatchObject({ taken: true });
    expect(server.received[0]?.query).toEqual({ msg_signature: 'a', timestamp: '1', nonce });
  });

  it('is the token and the account as JSON when there is no raw form', async () => {
    const server = await puppetServer();
    await deliver(server.url, { syncToken: 'SYNC"令牌', openKfId: 'wkOther' });
    const [received] = server.received;
    expect(received).toMatchObject({ target: '/callback/decrypted' });
    expect(received?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(received?.body ?? '')).toEqual({ token: 'SYNC"令牌', openKfId: 'wkOther' });
  });

  it.each([
    ['with a path', '/bot-7', '/bot-7/callback/decrypted'],
    ['with a slash at its end', '/', '/callback/decrypted'],
    ['with a path and a slash at its end', '/a/bot-7/', '/a/bot-7/callback/decrypted'],
    ['with a path that needs encoding', '/机器人 7', '/%E6%9C%BA%E5%99%A8%E4%BA%BA%207/callback/decrypted'],
  ])('goes to an endpoint %s', async (_what, path, target) => {
    const server = await puppetServer();
    expect(await deliver(server.url + path)).toMatchObject({ taken: true });
    expect(server.received[0]?.target).toBe(target);
  });

  it('bears the id, the time in seconds and the number of the attempt', async () => {
    const server = await puppetServer();
    await clock.advance(1_999);
    await client.start(puppetAt(server.url), kfEvent({ id: 'id-of-the-event' }), 3).result;
    expect(server.received[0]).toMatchObject({
      headers: {
        'webhook-id': 'id-of-the-event',
        'webhook-timestamp': String(Date.UTC(2026, 0, 1) / 1000 + 1),
        'x-wxkf-attempt': '3',
      },
    });
  });
});

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
      reason: `the puppet answered ${status}`,
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
      reason: 'ECONNREFUSED',
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
    expect(await deliver(server.url)).toMatchObject({ reason: 'the puppet answered 500' });
  });

  it.each(['', 'puppet:8080', 'ftp://puppet', 'http://puppet/?bot=7', 'http://user:secret@puppet'])(
    'to have a usable endpoint (%j) is told without its value',
    async (endpoint) => {
      const attempt = start(endpoint);
      const result = await attempt.result;
      expect(result).toMatchObject({
        taken: false,
        stage: 'endpoint',
        reason: expect.stringMatching(/^the registered endpoint must /),
      });
      expect(JSON.stringify(result)).not.toContain('secret');
      expect(attempt.withdraw()).toBe(true);
    },
  );
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
    await client.onApplicationShutdown();
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

describe('one origin', () => {
  it('has at most 32 connections, whatever waits for it', async () => {
    const sockets = new Set<Socket>();
    const { server, release } = await holdingPuppet();
    const attempts = startMany(server.url, 100);
    await untilReceived(server, SOCKETS);
    // Begun after all of them: whatever they were going to open was opened before its answer.
    await deliver((await puppetServer()).url);
    expect(server.received).toHaveLength(SOCKETS);
    expect(await server.sockets()).toBe(SOCKETS);
    release();
    server.behave((request, response) => {
      sockets.add(request.socket);
      response.end('success');
    });
    expect(await resultsOf(attempts)).toEqual(attempts.map(() => ({ taken: true, status: 200 })));
    expect(sockets.size).toBeLessThanOrEqual(SOCKETS);
    expect(new Set(server.received.map(({ headers }) => headers['webhook-id'])).size).toBe(100);
  });

  it('has at most 512 deliveries; the next fails at once and another origin is served', async () => {
    const { server, release } = await holdingPuppet();
    const attempts = startMany(server.url, DELIVERIES);
    expect(await deliver(server.url)).toMatchObject({ taken: false, stage: 'saturated' });
    expect(await deliver(`${server.url}/other-path`)).toMatchObject({ stage: 'saturated' });
    expect(await deliver((await puppetServer()).url)).toMatchObject({ taken: true });
    release();
    const results = await resultsOf(attempts);
    expect(results.filter(({ taken }) => taken)).toHaveLength(DELIVERIES);
    expect(server.received).toHaveLength(DELIVERIES);
    await exchangesEnded();
    expect(await deliver(server.url)).toMatchObject({ taken: true });
  });

  const ends: [string, (socket: Socket) => void][] = [
    ['an answer', (socket) => void socket.write(TAKEN)],
    ['a refusal', (socket) => void socket.end('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n')],
    ['a reset', (socket) => void socket.resetAndDestroy()],
    ['nonsense', (socket) => void socket.end('nonsense\r\n\r\n')],
    ['a body too long', (socket) => void socket.write(TAKEN.replace('7', '99999') + 'x'.repeat(20_000))],
    ['a body cut short', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx')],
  ];
  it.each(ends)('has its places back after 512 times %s', async (_what, end) => {
    const server = await rawServer(end);
    for (let n = 0; n < DELIVERIES / SOCKETS; n++) await resultsOf(startMany(server.url, SOCKETS));
    // The last answers may have been read no further than their status yet.
    await clock.advance(LIMIT_MS);
    const results = await resultsOf(startMany(server.url, DELIVERIES));
    expect(results.map((result) => !result.taken && result.stage)).not.toContain('saturated');
    await clock.advance(LIMIT_MS);
  });

  it('has its places back after nobody was there, in silence, and after all were withdrawn', async () => {
    const places = async (endpoint: string) => {
      const attempts = startMany(endpoint, DELIVERIES);
      return { attempts, next: await deliver(endpoint) };
    };
    const nobody = await refusedUrl();
    for (let round = 0; round < 3; round++) {
      const { attempts, next } = await places(nobody);
      expect(next).toMatchObject({ stage: 'saturated' });
      expect((await resultsOf(attempts)).map((result) => !result.taken && result.stage)).toEqual(
        attempts.map(() => 'connect'),
      );
    }

    const { server, release } = await holdingPuppet();
    const silent = startMany(server.url, DELIVERIES);
    await untilReceived(server, SOCKETS);
    await clock.advance(LIMIT_MS);
    expect((await resultsOf(silent)).filter(({ taken }) => taken)).toEqual([]);
    release();
    expect(await deliver(server.url)).toMatchObject({ taken: true });

    const received = server.received.length;
    const withdrawn = startMany(server.url, DELIVERIES).filter((attempt) => attempt.withdraw());
    expect(await deliver(server.url)).toMatchObject({ stage: 'saturated' });
    // They leave their places as a connection comes to them.
    while (!(await deliver(server.url)).taken) await new Promise(setImmediate);
    expect(server.received).toHaveLength(received + 1 + DELIVERIES - withdrawn.length);
  });
});

describe('a pool', () => {
  it('that nobody used for 30 s is closed, and a later delivery works again', async () => {
    const server = await rawServer((socket) => void socket.write(TAKEN));
    await deliver(server.url);
    const startedMs = performance.now();
    await clock.advance(30_000);
    await server.allClosed();
    // Or it was only the connection that had been idle for 3 s.
    expect(performance.now() - startedMs).toBeLessThan(2_500);
    expect(await deliver(server.url)).toMatchObject({ taken: true });
    await clock.advance(30_000);
    await server.allClosed();
  });

  it('that was used in the last 30 s is left alone', async () => {
    const server = await rawServer((socket) => void socket.write(TAKEN));
    await clock.advance(29_000);
    await deliver(server.url);
    await clock.advance(1_000);
    await deliver(server.url);
    expect(server.connections).toBe(1);
  });

  it('that has a delivery under way is left alone', async () => {
    const { server, release } = await holdingPuppet();
    await clock.advance(29_000);
    const attempt = start(server.url);
    await untilReceived(server, 1);
    await clock.advance(4_000);
    release();
    expect(await attempt.result).toEqual({ taken: true, status: 200 });
  });
});

describe('after the shutdown', () => {
  it('nothing is left open and every result is there', async () => {
    const { server } = await holdingPuppet();
    const idle = await rawServer((socket) => void socket.write(TAKEN));
    const hole = await blackHole();
    await deliver(idle.url);
    const attempts = [...startMany(server.url, 100), ...startMany(hole.url, 5)];
    await untilReceived(server, SOCKETS);
    await client.onApplicationShutdown();
    const results = await resultsOf(attempts);
    expect(results.filter(({ taken }) => taken)).toEqual([]);
    await idle.allClosed();
    while ((await server.sockets()) > 0) await new Promise(setImmediate);
    expect(clock.pendingTimers).toBe(0);
  });

  it('nothing is begun, to an origin that was known or to a new one', async () => {
    const [known, unknown] = [await puppetServer(), await puppetServer()];
    await deliver(known.url);
    await client.onApplicationShutdown();
    for (const { url } of [known, unknown]) {
      expect(await deliver(url)).toMatchObject({ taken: false, stage: 'connect' });
    }
    expect(known.received.length + unknown.received.length).toBe(1);
  });
});
