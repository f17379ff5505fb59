import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { kfParcel } from '../../../test/support/delivery.js';
import { openRegistryImage } from '../../../test/support/registry.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import { noRecorder } from '../../../test/support/recorder.js';
import { Deliveries } from '../../dispatch/endpoint/deliveries.js';
import { DispatchMetrics } from '../../dispatch/endpoint/dispatch-metrics.js';
import { Metrics } from '../../metrics/metrics.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { REPLICA } from '../../kernel/replica.js';
import { VERSION } from '../../kernel/version.js';
import { DeliveryFeeds } from './delivery-feeds.js';

const ALL = { openKfId: null, outcome: null };
const HELLO = `event: hello\ndata: ${JSON.stringify({ replica: REPLICA, version: VERSION })}\n\n`;

let clock: ManualClock;
let deliveries: Deliveries;
let lifecycle: Lifecycle;
let streams: DeliveryFeeds;

beforeEach(() => {
  clock = new ManualClock();
  deliveries = new Deliveries(new DispatchMetrics(new Metrics()), noRecorder(clock), clock);
  lifecycle = new Lifecycle();
  streams = new DeliveryFeeds(deliveries, openRegistryImage(clock).accounts, clock, lifecycle);
});

afterEach(async () => {
  streams.beforeApplicationShutdown();
  await clock.advance(500);
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
});

const end = () =>
  deliveries.ended(destinationOf(registeredPuppet()), kfParcel(), 'inline', { taken: true, status: 200 }, 3);
const read = (reader: Readable): string => String(reader.read() ?? '');

async function leave(reader: Readable): Promise<void> {
  reader.destroy();
  await clock.advance(0);
}

it('says hello at once, each delivery within a tenth of a second, and beats every 15 s', async () => {
  const reader = streams.open(ALL, 'alice', null);
  expect(read(reader)).toBe(HELLO);
  end();
  await clock.advance(100);
  const [event, id, data = ''] = read(reader).split('\n');
  expect([event, id]).toEqual(['event: delivery', `id: ${REPLICA}-1`]);
  expect(JSON.parse(data.slice('data: '.length))).toMatchObject({ id: `${REPLICA}-1` });
  await clock.advance(15_000);
  expect(read(reader)).toBe(':\n\n');
  await clock.advance(15_000);
  expect(read(reader)).toBe(':\n\n');
});

it('ends at the next beat for a reader whose access has ended, and goes on for others', async () => {
  let isLetIn = true;
  const [one, other] = [streams.open(ALL, 'alice', null, () => isLetIn), streams.open(ALL, 'alice', null)];
  one.resume();
  read(other);
  await clock.advance(15_000);
  expect([one.readableEnded, read(other)]).toEqual([false, ':\n\n']);
  isLetIn = false;
  await clock.advance(15_000);
  expect([one.readableEnded, read(other)]).toEqual([true, ':\n\n']);
  await leave(other);
});

it('tells all readers the same', async () => {
  const readers = [
    streams.open(ALL, 'alice', null),
    streams.open(ALL, 'alice', null),
    streams.open({ ...ALL, openKfId: 'wkOther' }, 'alice', null),
  ];
  end();
  await clock.advance(100);
  const [one, two, other] = readers.map(read);
  expect(one).toBe(two);
  expect(one).toContain('event: delivery');
  expect(other).toBe(HELLO);
});

it('has no timer and no listener while nobody reads', async () => {
  const reader = streams.open(ALL, 'alice', null);
  end();
  await leave(reader);
  expect(clock.pendingTimers).toBe(0);
  end();
  expect(clock.pendingTimers).toBe(0);
});

it('takes 32 readers, and one more when one has left', async () => {
  const readers = Array.from({ length: 32 }, () => streams.open(ALL, 'alice', null));
  expect(() => streams.open(ALL, 'alice', null)).toThrow(
    expect.objectContaining({ code: 'STREAM_READERS_TOO_MANY', retryAfterS: 10 }),
  );
  for (const reader of readers.slice(0, 1)) await leave(reader);
  expect(read(streams.open(ALL, 'alice', null))).toBe(HELLO);
});

it('ends the oldest of whoever has the most for another operator, and never to and fro', async () => {
  const ofAlice = Array.from({ length: 32 }, () => streams.open(ALL, 'alice', null));
  const tooMany = expect.objectContaining({ code: 'STREAM_READERS_TOO_MANY' });
  const ofBob = Array.from({ length: 15 }, () => streams.open(ALL, 'bob', null));
  for (const reader of ofAlice) reader.resume();
  await clock.advance(0);
  expect(ofAlice.map((reader) => reader.readableEnded)).toEqual([
    ...Array(15).fill(true),
    ...Array(17).fill(false),
  ]);
  streams.open(ALL, 'carol', null);
  // Alice and Bob have 16 and 15 now.
  for (const name of ['alice', 'bob']) expect(() => streams.open(ALL, name, null)).toThrow(tooMany);
  expect(ofBob.some((reader) => reader.destroyed)).toBe(false);
});

it('ends when the process drains, with what there is still to tell, and so for who comes then', async () => {
  const reader = streams.open(ALL, 'alice', null);
  const all = text(reader);
  end();
  lifecycle.beginDrain();
  expect(await all).toMatch(/^event: hello\n.*event: delivery\n/s);
  expect(await text(streams.open(ALL, 'alice', null))).toBe(HELLO);
});

it('is taken from a reader who does not read, half a second after the process has begun to drain', async () => {
  const [stuck, slow] = [streams.open(ALL, 'alice', null), streams.open(ALL, 'alice', null)];
  lifecycle.beginDrain();
  await clock.advance(499);
  expect(stuck.destroyed).toBe(false);
  slow.resume();
  await clock.advance(0);
  expect(slow.readableEnded).toBe(true);
  await clock.advance(1);
  expect(stuck).toMatchObject({ destroyed: true, readableEnded: false });
});

it('ends with the session of who reads it, and with that alone', async () => {
  const [session, other] = [
    streams.open(ALL, 'alice', clock.nowMs() + 60_000),
    streams.open(ALL, 'alice', null),
  ];
  const all = text(session);
  await clock.advance(59_999);
  expect(session.readableEnded).toBe(false);
  end();
  await clock.advance(1);
  expect(await all).toMatch(/^event: hello\n.*event: delivery\n/s);
  end();
  await clock.advance(100);
  expect(other.destroyed).toBe(false);
  expect(read(other).match(/event: delivery/g)).toHaveLength(2);
});

it('leaves no timer of a session behind when its reader leaves', async () => {
  await leave(streams.open(ALL, 'alice', clock.nowMs() + 60_000));
  expect(clock.pendingTimers).toBe(0);
});
