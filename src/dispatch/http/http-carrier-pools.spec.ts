import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  client,
  clock,
  closeAll,
  deliver,
  endpointAt,
  exchangesEnded,
  holdingPuppet,
  kfParcel,
  LIMIT_MS,
  openClient,
  puppetAt,
  puppetServer,
  rawServer,
  resultsOf,
  SOCKETS,
  start,
  startMany,
  TAKEN,
  untilReceived,
} from '../../../test/support/delivery.js';
import { refusedUrl } from '../../../test/support/raw-server.js';

/** Deliveries of one origin that may be under way or wait. */
const DELIVERIES = 512;

beforeEach(openClient);
afterEach(closeAll);

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
  it.each(ends)('has all of its places back after %s', async (_what, end) => {
    const server = await rawServer(end);
    await resultsOf(startMany(server.url, SOCKETS));
    // The last answers may have been read no further than their status yet.
    await clock.advance(LIMIT_MS);
    // One that was not given back is missing for the last of them. None of them has to be sent.
    const attempts = startMany(server.url, DELIVERIES);
    for (const attempt of attempts) attempt.withdraw();
    const results = await resultsOf(attempts);
    expect(results.map((result) => !result.taken && result.stage)).not.toContain('saturated');
    await clock.advance(LIMIT_MS);
  });

  it('has its places back after nobody was there, in silence, and after all were withdrawn', async () => {
    const places = async (endpoint: string) => {
      const attempts = startMany(endpoint, DELIVERIES);
      return { attempts, next: await deliver(endpoint) };
    };
    const nobody = await refusedUrl();
    for (let round = 0; round < 2; round++) {
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
  it('that nobody used for 5 to 10 s is closed, and a later delivery works again', async () => {
    const server = await rawServer((socket) => void socket.write(TAKEN));
    await deliver(server.url);
    expect([...client.pools.sockets()]).toEqual([[server.url, 1]]);
    await clock.advance(10_000);
    expect([...client.pools.sockets()]).toEqual([]);
    await server.allClosed();
    expect(await deliver(server.url)).toMatchObject({ taken: true });
    await clock.advance(10_000);
    await server.allClosed();
  });

  it('that was used in the last 3 s is left alone', async () => {
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

describe('callback bots at one origin', () => {
  it('have connections of their own, so that a slow one takes none from others', async () => {
    const { server } = await holdingPuppet();
    const endpoint = endpointAt(server.url);
    const botAt = (bot: string) => puppetAt({ ...endpoint, href: `${endpoint.href}#${bot}` });
    const startAt = (bot: string, n: number) =>
      client.start(kfParcel({ id: `${bot}-${n}` }), botAt(bot), () => {});
    for (let n = 0; n < 2 * SOCKETS; n++) startAt('slow', n);
    await untilReceived(server, SOCKETS);
    startAt('other', 0);
    await untilReceived(server, SOCKETS + 1);
    expect(server.received.at(-1)?.headers['webhook-id']).toBe('other-0');
    expect(client.underWayTo(botAt('other'))).toBe(1);
  });
});
