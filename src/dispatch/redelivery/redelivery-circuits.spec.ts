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
  StubbornOutbox,
  send,
  start,
  table,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';

replicasOfEachTest();

describe('while a circuit is open', () => {
  let server: PuppetServer;

  beforeEach(async () => {
    await start();
    server = await puppetServer(refusing);
    for (const n of [1, 2, 3]) await registerAt(server.url, { openKfId: account(n) });
    for (const id of ['1', '2', '3', '4', '5']) await keep({ id });
    expect(dispatch.circuits.isOpen(server.url)).toBe(true);
  });

  it('an event is kept at once, without an attempt', async () => {
    const before = clock.elapsedMs();
    expect(await send({ openKfId: account(2) })).toEqual({
      delivery: 'pending',
      attempts: 0,
      stage: 'circuit',
    });
    expect(clock.elapsedMs()).toBe(before);
    expect(server.received).toHaveLength(5);
    expect(await hintOf(account(2))).toMatchObject({ state: 'waiting', attempts: 0, step: 0 });
  });

  it('probes use up no retries', async () => {
    const before = await hintOf();
    await pass(5 * MINUTE_MS);
    const after = await hintOf();
    expect(server.received.length).toBeGreaterThan(10);
    expect(after?.step).toBe(before?.step);
    expect(after?.attempts).toBe((before?.attempts ?? 0) + server.received.length - 5);
  });

  it('the hint that has waited longest is the probe', async () => {
    await pass(100);
    await keep({ openKfId: account(2), id: 'second' });
    await pass(100);
    await keep({ openKfId: account(3), id: 'third' });
    await pass(MINUTE_MS);
    expect(new Set(idsOf(server).slice(5))).toEqual(new Set(['5']));
  });

  it('one success makes all that waits for the endpoint due', async () => {
    for (const n of [2, 3]) await keep({ openKfId: account(n), id: account(n) });
    await pass(MINUTE_MS);
    const before = server.received.length;
    const times: number[] = [];
    server.behave((request, response) => {
      times.push(clock.elapsedMs());
      taking(request, response);
    });
    await pass(25 * SECOND_MS);
    expect(idsOf(server).slice(before).toSorted()).toEqual(['5', account(2), account(3)].toSorted());
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(50);
    expect(dispatch.circuits.isOpen(server.url)).toBe(false);
  });

  it('other endpoints are delivered to as ever', async () => {
    const other = await puppetServer();
    await registerAt(other.url, { openKfId: account(9) });
    expect(await send({ openKfId: account(9) })).toMatchObject({ delivery: 'delivered' });
  });

  it('the endpoint is probed on when the puppet of its oldest hint has moved', async () => {
    const there = await puppetServer();
    await keep({ openKfId: account(2), id: 'second' });
    // As another replica writes it down that could not claim what waits.
    const repository = new MemoryPuppetRepository(table);
    await repository.markAnswered(await saved(repository, { endpoint: there.url }, clock.nowMs()));
    // The first probe finds out that it has moved.
    await pass(1_300);
    expect(idsOf(there)).toEqual(['5']);
    server.behave(taking);
    await pass(3_000);
    expect(idsOf(server).at(-1)).toBe('second');
    expect(await waitingCount()).toBe(0);
  });

  it('the endpoint is probed on when its oldest hint has died', async () => {
    await keep({ openKfId: account(2), id: 'second' });
    const arrivedAtMs = clock.nowMs() - 3 * DAY_MS;
    await leave({ event: kfEvent({ openKfId: account(3) }), endpoint: server.url, arrivedAtMs });
    await pass(1_500);
    expect(await hintOf(account(3))).toMatchObject({ state: 'dead' });
    server.behave(taking);
    await pass(3_000);
    expect(await waitingCount()).toBe(0);
  });
});

describe('an event that is kept while its circuit closes', () => {
  it('is sent at once', async () => {
    const outbox = new StubbornOutbox();
    await start({ outbox });
    const server = await puppetServer(refusing);
    for (const n of [1, 2]) await registerAt(server.url, { openKfId: account(n) });
    for (const id of ['1', '2', '3', '4', '5']) await keep({ id });
    const { promise, resolve } = Promise.withResolvers<void>();
    outbox.beforePut = () => promise;
    const dispatched = send({ openKfId: account(2), id: 'between' });
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
    dispatch.waiting.kept.wakeUp();
    await pass(100);
    expect(client.underWay.length).toBeGreaterThanOrEqual(SOCKETS);
    expect(client.underWay.length).toBeLessThanOrEqual(SOCKETS + 64);
    await leave({ event: kfEvent({ openKfId: account(300) }), endpoint: other.url });
    dispatch.waiting.kept.wakeUp();
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
