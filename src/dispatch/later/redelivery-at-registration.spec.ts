import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  client,
  clock,
  holdingPuppet,
  pass,
  puppetServer,
  untilReceived,
} from '../../../test/support/delivery.js';
import type { PuppetServer } from '../../../test/support/puppet-server.js';
import { registration } from '../../../test/support/puppets.js';
import {
  ACCOUNT,
  account,
  BUDGET_MS,
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
  send,
  start,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';
import type { Registration } from '../../storage/puppets/puppet.js';
import type { NewRegistration } from '../../registry/registration/registration-writer.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import type { Hint } from '../../queue/event.js';
import type { LineStep } from '../../queue/lines.js';
import { MemoryCounters } from '../../storage/counters/memory-counters.js';

replicasOfEachTest();

describe('a puppet that registers', () => {
  let server: PuppetServer;

  beforeEach(async () => {
    await start();
    server = await puppetServer();
  });

  const register = (fields?: Partial<Registration>) =>
    dispatch.registry.registrations.register(registration({ endpoint: server.url, ...fields }));

  it('gets what waited for nobody in the tick of its answer, and nothing before', async () => {
    expect(await send()).toMatchObject({ delivery: 'pending', stage: 'unregistered' });
    expect(await hintOf()).toMatchObject({ state: 'parked', dueAtMs: null });
    const registered = await register();
    await pass(4_000);
    expect(client.underWay).toEqual([]);
    registered.answered();
    expect(client.underWay).toEqual([server.url]);
    await server.next();
    await pass(0);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(await hintOf()).toBeNull();
  });

  it('gets what comes between its registration and the answer in the tick of that answer', async () => {
    const registered = await register();
    const dispatched = send();
    await pass(BUDGET_MS - 1);
    expect(client.underWay).toEqual([]);
    registered.answered();
    await null;
    expect(await dispatched).toMatchObject({ delivery: 'delivered' });
    expect(idsOf(server)).toEqual(['event-1']);
  });

  it('gets soon after its answer what came too early to wait for it', async () => {
    const registered = await register();
    const dispatched = send();
    await pass(BUDGET_MS);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'registering' });
    await pass(10 * SECOND_MS);
    expect(server.received).toEqual([]);
    registered.answered();
    await pass(20);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(await hintOf()).toBeNull();
  });

  it('gets what was due while it registered, once, in the tick of its answer', async () => {
    server.behave(refusing);
    await registerAt(server.url);
    await keep();
    server.behave(taking);
    const registered = await register();
    await pass(10 * SECOND_MS);
    expect(server.received).toHaveLength(1);
    registered.answered();
    expect(client.underWay).toEqual([server.url]);
    await pass(MINUTE_MS);
    expect(server.received).toHaveLength(2);
  });

  it('is sent no resync that was granted while it began to', async () => {
    const counters = new MemoryCounters();
    const begun = Promise.withResolvers<NewRegistration>();
    const take = counters.take.bind(counters);
    counters.take = async (limit, nowMs) => {
      begun.resolve(await register());
      return take(limit, nowMs);
    };
    await start({ counters });
    await registerAt(server.url);
    await leave({ endpoint: server.url, arrivedAtMs: clock.nowMs() - 11 * MINUTE_MS });
    dispatch.waiting.kept.added.wakeUp();
    await pass(3_000);
    const registered = await begun.promise;
    expect(server.received).toEqual([]);
    registered.answered();
    await pass(6_000);
    expect(server.received).toHaveLength(1);
  });

  it('takes over what is on its way to where it was', async () => {
    const { server: old } = await holdingPuppet();
    await registerAt(old.url);
    await leave({ endpoint: old.url });
    dispatch.waiting.kept.added.wakeUp();
    await pass(20);
    await untilReceived(old, 1);
    await registerAt(server.url);
    await server.next();
    await pass(10 * SECOND_MS);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(old.received).toHaveLength(1);
    expect(await hintOf()).toBeNull();
  });

  it('has what waits for the other accounts of its endpoint sent too, when that was in trouble', async () => {
    server.behave(refusing);
    const accounts = [1, 2, 3, 5, 6].map(account);
    for (const openKfId of accounts) await registerAt(server.url, { openKfId });
    for (const openKfId of accounts) await keep({ openKfId, id: openKfId });
    expect(dispatch.circuits.isOpen(server.url)).toBe(true);
    await pass(2 * MINUTE_MS);
    server.behave(taking);
    const before = server.received.length;
    // Nothing waits for this one.
    await registerAt(server.url, { openKfId: account(4) });
    await pass(100);
    expect(idsOf(server).slice(before).toSorted()).toEqual(accounts);
  });

  it('for an account of another corp gets nothing of it', async () => {
    await keep();
    await registerAt(server.url, { corpId: 'wwCorp_2' });
    await pass(5 * MINUTE_MS);
    expect(server.received).toEqual([]);
    expect(await hintOf()).toMatchObject({ state: 'parked' });
  });

  it('for an account of another corp gets nothing that came while it registered', async () => {
    const registered = await register({ corpId: 'wwCorp_2' });
    const dispatched = send();
    registered.answered();
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'unregistered' });
    await pass(5 * MINUTE_MS);
    expect(server.received).toEqual([]);
  });

  const forget = () =>
    dispatch.registry.accounts.forget(ACCOUNT, { from: '10.0.0.9', requestId: 'request-1' });

  it('for an account that was forgotten gets what waited for it', async () => {
    server.behave(refusing);
    await registerAt(server.url);
    await keep();
    await forget();
    server.behave(taking);
    const before = server.received.length;
    await pass(5 * MINUTE_MS);
    expect(server.received).toHaveLength(before);
    expect(await hintOf()).toMatchObject({ state: 'parked', lastFailure: { stage: 'unregistered' } });
    await registerAt(server.url);
    await untilReceived(server, before + 1);
    await pass(0);
    expect(await waitingCount()).toBe(0);
  });

  it('of another corp, for an account that was forgotten, is not tried with what waits of the one before', async () => {
    server.behave(refusing);
    await registerAt(server.url);
    await keep();
    await forget();
    server.behave(taking);
    const before = server.received.length;
    await registerAt(server.url, { corpId: 'wwCorp_2' });
    await pass(5 * MINUTE_MS);
    expect(server.received).toHaveLength(before);
    expect(await hintOf()).toMatchObject({ state: 'parked', lastFailure: { stage: 'unregistered' } });
  });
});

/** A queue whose claims at a registration take their time. */
class SlowlyClaimingQueue extends MemoryEventQueue {
  goOn: Promise<void> = Promise.resolve();

  override async change(...what: Parameters<MemoryEventQueue['change']>): Promise<LineStep<Hint>> {
    const stepped = await super.change(...what);
    await this.goOn;
    return stepped;
  }
}

it('what was claimed too late for the answer to a registration is sent all the same, not once its lease has lapsed', async () => {
  const events = new SlowlyClaimingQueue();
  await start({ events });
  const server = await puppetServer();
  await leave();
  const claimed = Promise.withResolvers<void>();
  events.goOn = claimed.promise;
  await registerAt(server.url);
  await pass(1_000);
  expect(server.received).toEqual([]);
  claimed.resolve();
  await pass(100);
  expect(idsOf(server)).toEqual(['event-1']);
});
