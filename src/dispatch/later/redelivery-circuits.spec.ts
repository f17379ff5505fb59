import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  client,
  clock,
  holdingPuppet,
  kfEvent,
  pass,
  puppetServer,
  SOCKETS,
} from '../../../test/support/delivery.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import type { PuppetServer } from '../../../test/support/puppet-server.js';
import { saved } from '../../../test/support/puppets.js';
import {
  account,
  CORP,
  DAY_MS,
  dispatch,
  hintOf,
  idsOf,
  keep,
  leave,
  MINUTE_MS,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  StubbornEventQueue,
  send,
  start,
  table,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';
import { RESYNCS_PER_WINDOW, resyncsOf } from './resync-budget.js';
import { type CountTable, MemoryCounters } from '../../storage/counters/memory-counters.js';

replicasOfEachTest();

/** So many accounts that are refused open a circuit. */
const REFUSED = [1, 2, 3, 4, 5];

async function openCircuitOf(server: PuppetServer): Promise<void> {
  for (const n of [...REFUSED, 6, 7]) await registerAt(server.url, { openKfId: account(n) });
  for (const n of REFUSED) await keep({ openKfId: account(n), id: `${n}` });
  expect(dispatch.circuits.isOpen(server.url)).toBe(true);
}

describe('while a circuit is open', () => {
  let server: PuppetServer;

  beforeEach(async () => {
    await start();
    server = await puppetServer(refusing);
    await openCircuitOf(server);
  });

  it('an event is kept at once, without an attempt', async () => {
    const before = clock.elapsedMs();
    expect(await send({ openKfId: account(6) })).toEqual({
      delivery: 'pending',
      attempts: 0,
      stage: 'circuit',
    });
    expect(clock.elapsedMs()).toBe(before);
    expect(server.received).toHaveLength(5);
    expect(await hintOf(account(6))).toMatchObject({ state: 'waiting', attempts: 0, step: 0 });
  });

  it('probes use up no retries', async () => {
    const hints = () => Promise.all(REFUSED.map((n) => hintOf(account(n))));
    const steps = (await hints()).map((hint) => hint?.step);
    await pass(5 * MINUTE_MS);
    const after = await hints();
    expect(server.received.length).toBeGreaterThan(10);
    expect(after.map((hint) => hint?.step)).toEqual(steps);
    expect(after.reduce((sum, hint) => sum + (hint?.attempts ?? 0), 0)).toBe(server.received.length);
  });

  it('its accounts take turns as probes, those first that never were and have waited longest', async () => {
    await pass(100);
    await keep({ openKfId: account(6), id: '6' });
    await pass(5 * MINUTE_MS);
    const turns = idsOf(server).slice(REFUSED.length);
    expect(turns.slice(0, 12)).toEqual([...turns.slice(0, 6), ...turns.slice(0, 6)]);
    expect(turns.slice(0, 5).toSorted()).toEqual(REFUSED.map(String));
    expect(turns[5]).toBe('6');
  });

  it('one success makes all that waits for the endpoint due', async () => {
    for (const n of [6, 7]) await keep({ openKfId: account(n), id: `${n}` });
    await pass(MINUTE_MS);
    const before = server.received.length;
    const times: number[] = [];
    server.behave((request, response) => {
      times.push(clock.elapsedMs());
      taking(request, response);
    });
    await pass(25 * SECOND_MS);
    expect(idsOf(server).slice(before).toSorted()).toEqual([...REFUSED, 6, 7].map(String));
    expect((times[6] ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(50);
    expect(dispatch.circuits.isOpen(server.url)).toBe(false);
  });

  it('other endpoints are delivered to as ever', async () => {
    const other = await puppetServer();
    await registerAt(other.url, { openKfId: account(9) });
    expect(await send({ openKfId: account(9) })).toMatchObject({ delivery: 'delivered' });
  });

  it('the endpoint is probed on when the puppet whose turn it is has moved', async () => {
    const there = await puppetServer();
    // As another replica writes it down that could not claim what waits.
    const repository = new MemoryPuppetRepository(table);
    await repository.markAnswered(await saved(repository, { endpoint: there.url }, clock.nowMs()));
    // The first probe finds out that it has moved.
    await pass(1_300);
    expect(idsOf(there)).toEqual(['1']);
    server.behave(taking);
    await pass(3_000);
    expect(idsOf(server).slice(REFUSED.length, REFUSED.length + 2)).toEqual(['1', '2']);
    expect(await waitingCount()).toBe(0);
  });

  it('the endpoint is probed on when its oldest hint has died', async () => {
    const arrivedAtMs = clock.nowMs() - 3 * DAY_MS;
    await leave({ event: kfEvent({ openKfId: account(6) }), endpoint: server.url, arrivedAtMs });
    await pass(1_500);
    expect(await hintOf(account(6))).toMatchObject({ state: 'dead' });
    server.behave(taking);
    await pass(3_000);
    expect(await waitingCount()).toBe(0);
  });
});

describe('an event that is kept while its circuit closes', () => {
  it('is sent at once', async () => {
    const events = new StubbornEventQueue();
    await start({ events });
    const server = await puppetServer(refusing);
    await openCircuitOf(server);
    const { promise, resolve } = Promise.withResolvers<void>();
    events.beforePut = () => promise;
    const dispatched = send({ openKfId: account(6), id: 'between' });
    server.behave(taking);
    // The probe.
    await pass(1_200);
    expect(dispatch.circuits.isOpen(server.url)).toBe(false);
    resolve();
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'circuit' });
    await pass(100);
    expect(idsOf(server).at(-1)).toBe('between');
  });
});

describe('an account whose events are refused', () => {
  const BAD = account(0);
  let server: PuppetServer;
  let refusesAll: boolean;

  beforeEach(async () => {
    await start();
    refusesAll = false;
    server = await puppetServer((request, response) => {
      const isBad = refusesAll || server.received.at(-1)?.body.includes(BAD);
      return isBad ? refusing(request, response) : taking(request, response);
    });
    for (const n of [0, 1, 2]) await registerAt(server.url, { openKfId: account(n) });
  });

  const toBad = () => server.received.filter(({ body }) => body.includes(BAD)).length;

  it('costs the other accounts of its bot nothing', async () => {
    for (let n = 0; n < 10; n++) await keep({ openKfId: BAD, id: `bad-${n}` });
    for (let n = 0; n < 6; n++) {
      await pass(30 * SECOND_MS);
      for (const m of [1, 2])
        expect(await send({ openKfId: account(m), id: `${m} ${n}` })).toMatchObject({
          delivery: 'delivered',
        });
      await keep({ openKfId: BAD, id: `bad-${n + 10}` });
    }
    expect(await waitingCount()).toBe(1);
  });

  it('has its events kept without an attempt once it was refused again and again, and is probed', async () => {
    for (let n = 0; n < 5; n++) await keep({ openKfId: BAD, id: `bad-${n}` });
    expect(await send({ openKfId: BAD, id: 'next' })).toMatchObject({ stage: 'circuit', attempts: 0 });
    const before = { step: (await hintOf(BAD))?.step, received: toBad() };
    await pass(5 * MINUTE_MS);
    // As an endpoint that fails: after 1, 2, 4, 8, 16 and then every 20 s.
    expect(toBad() - before.received).toBeGreaterThan(15);
    expect(toBad() - before.received).toBeLessThan(25);
    expect((await hintOf(BAD))?.step).toBe(before.step);
  });

  it.each([
    ['soon after it was last seen to take something', 0],
    ['after others took something again and again', 30],
  ])('has its event within 25 s of being taken again, %s', async (_when, others) => {
    await keep({ openKfId: BAD, id: 'bad' });
    await pass(12 * MINUTE_MS);
    for (let n = 0; n < others; n++) {
      await send({ openKfId: account(1), id: `good-${n}` });
      await pass(2 * SECOND_MS);
    }
    server.behave(taking);
    const before = toBad();
    await pass(25 * SECOND_MS);
    expect(toBad()).toBe(before + 1);
    expect(await waitingCount()).toBe(0);
  });

  it('has its event within 25 s of being taken again while many others wait for a pull without a sync token', async () => {
    for (let n = 100; n < 160; n++) {
      const openKfId = account(n);
      await registerAt(server.url, { openKfId });
      const arrivedAtMs = clock.nowMs() - 20 * MINUTE_MS;
      await leave({ event: kfEvent({ openKfId }), arrivedAtMs, endpoint: server.url });
    }
    for (let n = 0; n < 6; n++) await keep({ openKfId: BAD, id: `bad-${n}` });
    await pass(MINUTE_MS);
    server.behave(taking);
    await pass(25 * SECOND_MS);
    expect(await hintOf(BAD)).toBeNull();
    expect(await waitingCount()).toBeGreaterThan(30);
  });

  it('is sent again when something else that was refused is taken', async () => {
    refusesAll = true;
    for (const n of [0, 1]) await keep({ openKfId: account(n), id: `${n}` });
    await pass(5 * MINUTE_MS);
    const times: number[] = [];
    server.behave((request, response) => {
      times.push(clock.elapsedMs());
      taking(request, response);
    });
    await pass(25 * SECOND_MS);
    expect(times).toHaveLength(2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(50);
  });
});

describe('accounts that have been refused for more than ten minutes', () => {
  it('leave a pull without a sync token to whatever else waits', async () => {
    const granted: CountTable = new Map();
    await start({ counters: new MemoryCounters(granted) });
    const bad = [10, 11, 12, 13].map(account);
    const server = await puppetServer((request, response) => {
      const isBad = bad.some((openKfId) => server.received.at(-1)?.body.includes(openKfId));
      return isBad ? refusing(request, response) : taking(request, response);
    });
    for (const openKfId of [...bad, account(1)]) await registerAt(server.url, { openKfId });
    for (const openKfId of bad) await keep({ openKfId, id: openKfId });
    const inUse: number[] = [];
    for (let n = 0; n < 20; n++) {
      await send({ openKfId: account(1), id: `event-${n}` });
      await pass(MINUTE_MS);
      const runningSinceMs = clock.nowMs() - MINUTE_MS;
      const counts = granted.get(resyncsOf(CORP).key)?.counts ?? [];
      inUse.push(
        counts.filter(({ atMs }) => atMs > runningSinceMs).reduce((sum, { count }) => sum + count, 0),
      );
    }
    expect(Math.max(...inUse)).toBe(RESYNCS_PER_WINDOW - 1);
  });
});

describe('an endpoint that never answers', () => {
  it('has so many deliveries under way at most, and holds up no other', async () => {
    await start();
    const { server: silent } = await holdingPuppet();
    const other = await puppetServer();
    for (let n = 0; n < 300; n++) {
      await registerAt(silent.url, { openKfId: account(n) });
      await leave({ event: kfEvent({ openKfId: account(n) }), endpoint: silent.url });
    }
    await registerAt(other.url, { openKfId: account(300) });
    dispatch.waiting.kept.added.wakeUp();
    await pass(100);
    expect(client.underWay.length).toBeGreaterThanOrEqual(SOCKETS);
    expect(client.underWay.length).toBeLessThanOrEqual(SOCKETS + 64);
    await leave({ event: kfEvent({ openKfId: account(300) }), endpoint: other.url });
    dispatch.waiting.kept.added.wakeUp();
    await pass(20);
    expect(other.received).toHaveLength(1);
    expect(await send({ openKfId: account(300), id: 'inline' })).toMatchObject({ delivery: 'delivered' });
  });
});

describe('puppets behind one host, told apart by their paths,', () => {
  it('are not held up by those of them that are dead', async () => {
    await start();
    const host = await puppetServer((request, response) =>
      request.url?.startsWith('/good/') ? taking(request, response) : response.writeHead(502).end(),
    );
    await registerAt(`${host.url}/good`);
    const dead = [1, 2, 3];
    for (const n of dead) await registerAt(`${host.url}/dead-${n}`, { openKfId: account(10 + n) });
    for (let n = 0; n < 30; n++) {
      for (const m of dead) await keep({ openKfId: account(10 + m), id: `dead-${n}` });
      expect(await send({ id: `good-${n}` })).toMatchObject({ delivery: 'delivered', attempts: 1 });
      await pass(SECOND_MS);
    }
  });
});
