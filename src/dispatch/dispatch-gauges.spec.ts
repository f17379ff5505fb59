import { beforeEach, describe, expect, it } from '@jest/globals';
import { clock, pass, puppetServer } from '../../test/support/delivery.js';
import { Samples } from '../../test/support/metrics.js';
import {
  account,
  dispatch,
  keep,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  send,
  start,
} from '../../test/support/redelivery.js';
import { AppError } from '../kernel/app-error.js';
import { Metrics } from '../metrics/metrics.js';
import { OutgoingSockets } from '../metrics/outgoing-sockets.js';
import { DispatchGauges } from './dispatch-gauges.js';
import { MemoryQueueStore } from '../../test/support/memory-queue.js';
import { QueueCounts } from './later/queue-counts.js';
import { QueueGauges } from './later/queue-gauges.js';
import type { LineCount } from '../storage/queue/queue-store.js';

/** Counts its counts, and may have nothing to say. */
class AskedStore extends MemoryQueueStore {
  asked = 0;
  answer: () => Promise<readonly LineCount[]> = () => super.count('event');

  override count(): Promise<readonly LineCount[]> {
    this.asked++;
    return this.answer();
  }
}

replicasOfEachTest();

let queue: AskedStore;
let metrics: Metrics;

beforeEach(async () => {
  queue = new AskedStore();
  await start({ queue });
  metrics = new Metrics();
  const { client, circuits, keeper, overload } = dispatch;
  const sockets = new OutgoingSockets(metrics);
  new DispatchGauges(metrics, sockets, client, circuits, keeper, overload);
  new QueueGauges(metrics, new QueueCounts(queue, clock, clock), clock);
});

const scraped = async (): Promise<Samples> => new Samples(await metrics.registry.metrics());

describe('hints', () => {
  it('are counted once for a scrape, with the age of the one that waits longest', async () => {
    await registerAt((await puppetServer(refusing)).url);
    await keep();
    await keep({ openKfId: account(2) });
    await pass(7 * SECOND_MS);
    const before = queue.asked;
    const samples = await scraped();
    expect(queue.asked).toBe(before + 1);
    const states = samples.find('wxkf_hints').map(({ labels, value }) => [labels.state, value]);
    expect(states).toEqual([
      ['waiting', 1],
      ['parked', 1],
      ['dead', 0],
      ['paused', 0],
      ['unreadable', 0],
    ]);
    expect(samples.value('wxkf_oldest_waiting_hint_age_seconds')).toBe(7);
  });

  it('are left out where the store cannot say, and the rest is told', async () => {
    queue.answer = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    const samples = await scraped();
    expect(samples.find('wxkf_hints')).toEqual([]);
    expect(samples.find('wxkf_oldest_waiting_hint_age_seconds')).toEqual([]);
    expect(samples.find('wxkf_messages').map(({ value }) => value)).toEqual([0, 0]);
    expect(samples.value('wxkf_keeping_failing')).toBe(0);
  });

  it('are left out where the store does not answer', async () => {
    queue.answer = () => new Promise(() => {});
    expect((await scraped()).find('wxkf_hints')).toEqual([]);
  });
});

it('tells of open circuits and sockets by origin', async () => {
  const server = await puppetServer(refusing);
  for (const n of [1, 2]) await registerAt(`${server.url}/bot-${n}`, { openKfId: account(n) });
  for (let n = 0; n < 5; n++) {
    await send({ openKfId: account(1) });
    await send({ openKfId: account(2) });
  }
  const samples = await scraped();
  const told = (name: string) => samples.find(name).map(({ labels, value }) => [labels.origin, value]);
  expect(told('wxkf_open_circuits')).toEqual([
    [server.url, 2],
    ['wecom://kf', 0],
    ['other', 0],
  ]);
  const sockets = samples.value('wxkf_outgoing_sockets', { target: 'puppet', origin: server.url });
  expect(sockets).toBe(await server.sockets());
  expect(samples.text).not.toContain('bot-');
});
