import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Metrics } from '../../metrics/metrics.js';
import { Tunnel } from './tunnel.js';
import { TunnelMetrics } from './tunnel-metrics.js';

let clock: ManualClock;
let server: Server;
let isAllowed: boolean;
let metrics: TunnelMetrics;
const sockets: Socket[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  isAllowed = true;
  metrics = new TunnelMetrics(new Metrics());
  server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** Both ends of a connection. */
async function newPair(): Promise<[Socket, Socket]> {
  const { port } = server.address() as AddressInfo;
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [[near]] = (await Promise.all([once(server, 'connection'), once(far, 'connect')])) as [
    [Socket],
    unknown,
  ];
  for (const socket of [far, near]) socket.on('error', () => {});
  sockets.push(far, near);
  return [far, near];
}

async function newTunnel() {
  const [bot, nearBot] = await newPair();
  const [wecom, nearWecom] = await newPair();
  const tunnel = new Tunnel(nearBot, nearWecom, () => isAllowed, clock, metrics.bytes);
  return { bot, wecom, tunnel };
}

/** Sends one byte and waits until it has arrived. */
async function sendByte(from: Socket, to: Socket): Promise<void> {
  const arrived = once(to, 'data');
  from.write('x');
  await arrived;
}

it('passes bytes both ways and then each half-close, and counts', async () => {
  const { bot, wecom, tunnel } = await newTunnel();
  const asked = buffer(wecom);
  bot.end('question');
  expect(String(await asked)).toBe('question');
  const answered = buffer(bot);
  wecom.end('the answer');
  expect(String(await answered)).toBe('the answer');
  expect(await tunnel.whenEnded()).toEqual({
    why: 'ended',
    reason: undefined,
    toWecomBytes: 8,
    fromWecomBytes: 10,
  });
  expect([metrics.bytes.to_wecom.value, metrics.bytes.from_wecom.value]).toEqual([8, 10]);
  expect(clock.pendingTimers).toBe(0);
});

it('reads no further than the other side does', async () => {
  const { bot, wecom, tunnel } = await newTunnel();
  bot.pause();
  const chunk = Buffer.alloc(65_536);
  let written = 0;
  // Until nothing moves any more: everything on the way is full.
  for (let stillS = 0; stillS < 20; stillS++) {
    while (wecom.write(chunk)) written += chunk.length;
    const before = metrics.bytes.from_wecom.value;
    await new Promise((resolve) => void setTimeout(resolve, 10));
    if (metrics.bytes.from_wecom.value !== before) stillS = 0;
  }
  expect(written).toBeGreaterThan(0);
  expect(metrics.bytes.from_wecom.value).toBeLessThan(40_000_000);
  const all = buffer(bot);
  wecom.end();
  bot.end();
  bot.resume();
  expect((await all).length).toBe(wecom.bytesWritten);
  expect((await tunnel.whenEnded()).why).toBe('ended');
});

it('ends after 60 s without a byte in either direction', async () => {
  const { bot, wecom, tunnel } = await newTunnel();
  await clock.advance(59_000);
  await sendByte(bot, wecom);
  await clock.advance(59_000);
  await sendByte(wecom, bot);
  await clock.advance(59_999);
  expect([bot.closed, wecom.closed]).toEqual([false, false]);
  bot.resume();
  wecom.resume();
  const closed = Promise.all([once(bot, 'end'), once(wecom, 'end')]);
  await clock.advance(1);
  await closed;
  expect(await tunnel.whenEnded()).toMatchObject({ why: 'idle', toWecomBytes: 1, fromWecomBytes: 1 });
  expect(clock.pendingTimers).toBe(0);
});

it('ends within 5 s when the key of its bot does not count any more', async () => {
  const { tunnel } = await newTunnel();
  await clock.advance(5_000);
  isAllowed = false;
  await clock.advance(5_000);
  expect((await tunnel.whenEnded()).why).toBe('revoked');
});

it.each(['bot', 'wecom'] as const)('breaks for both when the connection of the %s breaks', async (side) => {
  const both = await newTunnel();
  const other = side === 'bot' ? both.wecom : both.bot;
  other.resume();
  const closed = once(other, 'end');
  both[side].resetAndDestroy();
  await closed;
  expect(await both.tunnel.whenEnded()).toMatchObject({ why: 'broken', reason: 'ECONNRESET' });
});

it('says why it was ended', async () => {
  const { tunnel } = await newTunnel();
  tunnel.end('stopped');
  expect((await tunnel.whenEnded()).why).toBe('stopped');
});
