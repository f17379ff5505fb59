import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { kfEvent } from '../../test/support/delivery.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { registeredPuppet } from '../../test/support/puppets.js';
import { Deliveries } from '../dispatch/deliveries.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { REPLICA } from '../kernel/replica.js';
import { VERSION } from '../kernel/version.js';
import { DELIVERY } from './answers/delivery.js';
import { DeliveryStreams } from './delivery-streams.js';

const ALL = { openKfId: null, outcome: null };
const HELLO = `event: hello\ndata: ${JSON.stringify({ replica: REPLICA, version: VERSION })}\n\n`;

let clock: ManualClock;
let deliveries: Deliveries;
let lifecycle: Lifecycle;
let streams: DeliveryStreams;

beforeEach(() => {
  clock = new ManualClock();
  deliveries = new Deliveries(clock);
  lifecycle = new Lifecycle();
  streams = new DeliveryStreams(deliveries, clock, lifecycle);
});

afterEach(() => {
  streams.beforeApplicationShutdown();
  expect(clock.pendingTimers).toBe(0);
});

const end = (): void =>
  deliveries.ended(registeredPuppet(), kfEvent(), 'inline', 1, { taken: true, status: 200 }, 3);
const read = (reader: Readable): string => String(reader.read() ?? '');

async function leave(reader: Readable): Promise<void> {
  reader.destroy();
  await clock.advance(0);
}

it('says hello at once, each delivery within a tenth of a second, and beats every 15 s', async () => {
  const reader = streams.open(ALL);
  expect(read(reader)).toBe(HELLO);
  end();
  await clock.advance(100);
  const [event, id, data = ''] = read(reader).split('\n');
  expect([event, id]).toEqual(['event: delivery', `id: ${REPLICA}-1`]);
  expect(DELIVERY.parse(JSON.parse(data.slice('data: '.length)))).toMatchObject({ id: `${REPLICA}-1` });
  await clock.advance(15_000);
  expect(read(reader)).toBe(':\n\n');
  await clock.advance(15_000);
  expect(read(reader)).toBe(':\n\n');
});

it('tells all readers the same', async () => {
  const readers = [streams.open(ALL), streams.open(ALL), streams.open({ ...ALL, openKfId: 'wkOther' })];
  end();
  await clock.advance(100);
  const [one, two, other] = readers.map(read);
  expect(one).toBe(two);
  expect(one).toContain('event: delivery');
  expect(other).toBe(HELLO);
});

it('has no timer and no listener while nobody reads', async () => {
  const reader = streams.open(ALL);
  end();
  await leave(reader);
  expect(clock.pendingTimers).toBe(0);
  end();
  expect(clock.pendingTimers).toBe(0);
});

it('takes 32 readers, and one more when one has left', async () => {
  const readers = Array.from({ length: 32 }, () => streams.open(ALL));
  expect(() => streams.open(ALL)).toThrow(
    expect.objectContaining({ code: 'STREAM_READERS_TOO_MANY', retryAfterS: 10 }),
  );
  for (const reader of readers.slice(0, 1)) await leave(reader);
  expect(read(streams.open(ALL))).toBe(HELLO);
});

it('ends when the process drains, with what there is still to tell, and so for who comes then', async () => {
  const reader = streams.open(ALL);
  const all = text(reader);
  end();
  lifecycle.beginDrain();
  expect(await all).toMatch(/^event: hello\n.*event: delivery\n/s);
  expect(await text(streams.open(ALL))).toBe(HELLO);
});
