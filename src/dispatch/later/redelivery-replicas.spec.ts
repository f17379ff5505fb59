import { beforeEach, describe, expect, it } from '@jest/globals';
import { clock, pass, puppetServer } from '../../../test/support/delivery.js';
import type { Dispatch } from '../../../test/support/dispatch.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import { registration } from '../../../test/support/puppets.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import {
  dispatch,
  hintOf,
  idsOf,
  keep,
  LEASE_MS,
  leave,
  open,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  SharedEventQueue,
  send,
  start,
  table,
  taking,
} from '../../../test/support/redelivery.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import type { ClaimedHint } from '../../queue/event-queue.js';

replicasOfEachTest();

describe('two replicas', () => {
  let other: Dispatch;
  let events: SharedEventQueue;

  beforeEach(async () => {
    events = new SharedEventQueue();
    await start({ events });
    other = await open({ events });
  });

  const claimAsOneThatDies = (): Promise<readonly ClaimedHint[]> =>
    events.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());

  it('deliver a hint once', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await keep();
    server.behave(taking);
    await pass(10 * SECOND_MS);
    expect(server.received).toHaveLength(2);
    expect(await hintOf()).toBeNull();
  });

  it('take over what one that died had leased, after 15 s', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    await leave({ endpoint: server.url });
    expect(await claimAsOneThatDies()).toHaveLength(1);
    await pass(LEASE_MS - 100);
    expect(server.received).toEqual([]);
    await pass(1_200);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(await hintOf()).toBeNull();
  });

  it('deliver what one kept for nobody when its puppet registers with the other', async () => {
    await keep();
    const server = await puppetServer();
    await registerAt(server.url, {}, other);
    await server.next();
    await pass(0);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(await hintOf()).toBeNull();
  });

  it('give nothing to a puppet that the other may not have answered, for 5 s', async () => {
    const old = await refusedUrl();
    await registerAt(old);
    const server = await puppetServer();
    await other.registry.registrations.register(registration({ endpoint: server.url }));
    expect(await send()).toMatchObject({ delivery: 'pending' });
    await pass(4_900);
    expect(server.received).toEqual([]);
    await pass(7_000);
    expect(idsOf(server)).toEqual(['event-1']);
  });

  it('give a puppet within the same callback what comes while the other writes down its answer', async () => {
    await registerAt(await refusedUrl());
    const server = await puppetServer();
    const registered = await other.registry.registrations.register(registration({ endpoint: server.url }));
    await pass(2_000);
    const sent = send();
    await pass(5);
    registered.answered();
    await pass(70);
    expect(await sent).toMatchObject({ delivery: 'delivered', attempts: 1 });
  });

  it('give a puppet soon what came while the other was busy with its answer', async () => {
    await registerAt(await refusedUrl());
    const server = await puppetServer();
    const registered = await other.registry.registrations.register(registration({ endpoint: server.url }));
    await pass(2_000);
    const sent = send();
    await pass(1_100);
    expect(await sent).toMatchObject({ delivery: 'pending', stage: 'registering' });
    registered.answered();
    await pass(1_300);
    expect(idsOf(server)).toEqual(['event-1']);
  });

  it('give a puppet what comes as soon as the other has written down its answer', async () => {
    await registerAt(await refusedUrl());
    const server = await puppetServer();
    const registered = await other.registry.registrations.register(registration({ endpoint: server.url }));
    await pass(3_000);
    registered.answered();
    await pass(2_000);
    expect(await send({ id: 'next' })).toMatchObject({ delivery: 'delivered' });
  });
});

/** A replica's registry that is not brought up to date. */
class ForgetfulRepository extends MemoryPuppetRepository {
  override readonly isShared = true;

  override async changes(cursor: string | null) {
    return { ...(await super.changes(cursor)), puppets: [], deleted: [] };
  }
}

it('a hint whose puppet registered with another replica a moment ago is sent, not parked', async () => {
  const events = new SharedEventQueue();
  await start({ events, repository: new ForgetfulRepository(table) });
  const other = await open({ events: new MemoryEventQueue() });
  const server = await puppetServer();
  await registerAt(server.url, {}, other);
  await leave({ endpoint: server.url });
  dispatch.waiting.kept.added.wakeUp();
  await pass(1_000);
  expect(idsOf(server)).toEqual(['event-1']);
});
