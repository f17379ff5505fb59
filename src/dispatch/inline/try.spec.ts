import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  blackHole,
  client,
  clock,
  closeAll,
  holdingPuppet,
  kfEvent,
  openClient,
  puppetServer,
  SOCKETS,
  SWEEPERS,
  untilReceived,
  watch,
} from '../../../test/support/delivery.js';
import { type Dispatch, type DispatchParts, openDispatch } from '../../../test/support/dispatch.js';
import { storedBot } from '../../../test/support/bots.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../../test/support/memory-puppet.repository.js';
import type { Behaviour, PuppetServer } from '../../../test/support/puppet-server.js';
import { registration } from '../../../test/support/puppets.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import { AppError } from '../../kernel/app-error.js';
import type { BotConnection } from '../../registry/bots/connected-bots.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import type { DispatchResult } from './try.js';
import { BOTS } from '../../registry/bots/stored-bot.js';

const BUDGET_MS = 1_000;
const event = kfEvent();
let table: PuppetTable;
let dispatch: Dispatch;

beforeEach(() => {
  openClient();
  table = new Map();
  use({});
});

afterEach(async () => {
  await dispatch.close();
  await closeAll();
});

/** Puts the manager under test on these parts. */
function use(parts: Partial<DispatchParts>): void {
  dispatch = openDispatch(clock, { client, repository: new MemoryPuppetRepository(table), ...parts });
}

function replica(): Dispatch {
  return openDispatch(clock, { client, repository: new MemoryPuppetRepository(table) });
}

async function registerAt(endpoint: string, { registry } = dispatch): Promise<Puppet> {
  const registered = await registry.registrations.register(registration({ endpoint }));
  registered.answered();
  return registered.puppet;
}

const send = (_registered: Puppet | null, sent = event): Promise<DispatchResult> =>
  dispatch.dispatcher.dispatch(sent, dispatch.registry.destinations.find(sent), clock.elapsedMs());

const refusing: Behaviour = (_request, response) => void response.writeHead(500).end();

/** The outcome, and the failure that was kept with the event. */
async function pending(dispatched: Promise<DispatchResult>) {
  const outcome = await dispatched;
  expect(outcome.delivery).toBe('pending');
  const hint = await dispatch.events.find(event);
  return { ...outcome, hint, reason: hint?.lastFailure?.reason };
}

/** Circuits have a timer each for as long as their endpoint fails. */
async function allEnded(): Promise<void> {
  while (clock.pendingTimers > SWEEPERS) {
    dispatch.circuits.stop();
    await new Promise(setImmediate);
  }
  await clock.advance(0);
}

function idsOf(server: PuppetServer): unknown[] {
  return server.received.map(({ headers }) => headers['webhook-id']);
}

describe('an event for which no client was connected', () => {
  const connection: BotConnection = {
    ...{ id: 'c1', replicaId: 'there', botId: 'bot-1', clientId: 'laptop-1', openKfIds: null },
    ...{ placedAtMs: 1, connectedAtMs: 1, address: '203.0.113.7', agent: '' },
  };
  const dueInMs = async () => ((await dispatch.events.find(event))?.dueAtMs ?? Number.NaN) - clock.nowMs();

  beforeEach(async () => {
    const records = new MemoryRecords();
    const { corpId, openKfId } = event;
    await records.of(BOTS).add(storedBot({ kind: 'stream', corpId, openKfIds: [openKfId] }));
    use({ records });
    dispatch.registry.start();
    await clock.advance(0);
  });

  it('is found when one is, though the replica that has it looked before the event was kept', async () => {
    let rounds = 0;
    dispatch.waiting.kept.added.wakeUp = () => void rounds++;
    await pending(send(null));
    expect([dispatch.wakes.take(event), await dueInMs(), rounds]).toEqual([null, 5_000, 1]);
    dispatch.registry.connected.add(connection);
    expect(dispatch.wakes.take(event)).toMatchObject({ state: 'elsewhere', openKfId: event.openKfId });
    expect(dispatch.wakes.take(event)).toBeNull();
  });

  it('is found when one is that takes all accounts', async () => {
    await pending(send(null));
    expect(dispatch.wakes.takeAll()).toEqual([]);
    dispatch.registry.connected.add(connection);
    expect(dispatch.wakes.takeAll()).toHaveLength(1);
    expect(dispatch.wakes.takeAll()).toEqual([]);
  });

  it('is due at once where one connected while the event was kept', async () => {
    const put = dispatch.events.put.bind(dispatch.events);
    dispatch.events.put = (...args) => {
      dispatch.registry.connected.add(connection);
      return put(...args);
    };
    await pending(send(null));
    expect(await dueInMs()).toBe(0);
  });
});

describe('an event that is taken', () => {
  it.each([200, 204])('tells the puppet’s status %d and the one attempt', async (status) => {
    const server = await puppetServer((_request, response) => void response.writeHead(status).end());
    const puppet = await registerAt(server.url);
    expect(await send(puppet)).toEqual({ delivery: 'delivered', status, attempts: 1 });
    expect(server.received[0]?.headers['x-wxkf-attempt']).toBe('1');
  });

  it('may be taken in the last millisecond of the budget', async () => {
    const { server, held } = await holdingPuppet();
    const dispatched = send(await registerAt(server.url));
    await server.next();
    await clock.advance(BUDGET_MS - 1);
    held[0]?.end();
    expect(await dispatched).toEqual({ delivery: 'delivered', status: 200, attempts: 1 });
  });
});

describe('an event that is not taken', () => {
  it('has no puppet', async () => {
    const error = await pending(send(null));
    expect(error).toMatchObject({
      reason: 'no bot takes the events of this kf account yet',
      stage: 'unregistered',
      attempts: 0,
    });
  });

  it('has a puppet that said goodbye, which is sent nothing', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    await dispatch.registry.presence.deregister({ openKfId: event.openKfId, corpId: event.corpId });
    const error = await pending(send(dispatch.registry.image.findPuppet(event.openKfId)));
    expect(error).toMatchObject({
      reason: 'its puppet has deregistered, or no client of its bot is connected',
      stage: 'offline',
      attempts: 0,
    });
    expect(server.received).toEqual([]);
  });

  it('has a puppet of which somebody unknown said goodbye, and that is not there either', async () => {
    await registerAt(await refusedUrl());
    const { openKfId, corpId } = event;
    await dispatch.registry.presence.deregister({ openKfId, corpId, from: '10.9.9.9' });
    const error = await pending(send(dispatch.registry.image.findPuppet(openKfId)));
    expect(error).toMatchObject({ stage: 'connect', attempts: 1 });
  });

  it('has a puppet that is not there', async () => {
    const error = await pending(send(await registerAt(await refusedUrl())));
    expect(error).toMatchObject({
      reason: 'no connection (ECONNREFUSED)',
      stage: 'connect',
      attempts: 1,
    });
  });

  it.each([302, 404, 500])('has a puppet that answers %d', async (status) => {
    const server = await puppetServer((_request, response) => void response.writeHead(status).end());
    const error = await pending(send(await registerAt(server.url)));
    expect(error).toMatchObject({
      reason: `the answer was ${status}`,
      stage: 'status',
      attempts: 1,
      hint: { lastFailure: { status } },
    });
  });

  it('has a puppet whose endpoint cannot be used', async () => {
    const error = await pending(send(await registerAt('')));
    expect(error).toMatchObject({ stage: 'endpoint', attempts: 1 });
  });

  it('has a silent puppet: the answer comes after exactly 1 s, and the puppet may still take it', async () => {
    const { server, held } = await holdingPuppet();
    const puppet = await registerAt(server.url);
    const dispatched = send(puppet);
    const state = watch(dispatched);
    await server.next();
    await clock.advance(BUDGET_MS - 1);
    expect(state.isSettled).toBe(false);
    await clock.advance(1);
    expect(await pending(dispatched)).toMatchObject({
      reason: 'its bot did not answer in time',
      stage: 'late',
      attempts: 1,
    });

    await clock.advance(3_999);
    held[0]?.end();
    await allEnded();
    // Only a connection whose exchange came to its end is used again.
    const again = send(puppet);
    await server.next();
    held[1]?.end();
    await again;
    expect(held[1]?.req.socket).toBe(held[0]?.req.socket);
  });

  it('never got a connection in its time, and is not sent later', async () => {
    const { server, held } = await holdingPuppet();
    const puppet = await registerAt(server.url);
    const busy = Array.from({ length: SOCKETS }, () => send(puppet));
    await untilReceived(server, SOCKETS);
    const dispatched = send(puppet, { ...event, id: 'without a connection' });
    const state = watch(dispatched);
    await clock.advance(BUDGET_MS - 1);
    expect(state.isSettled).toBe(false);
    await clock.advance(1);
    expect(await pending(dispatched)).toMatchObject({ stage: 'withdrawn', attempts: 1 });
    await Promise.all(busy.map(pending));

    server.behave((_request, response) => void response.end());
    for (const response of held) response.end();
    await send(puppet, { ...event, id: 'later' });
    expect(idsOf(server)).not.toContain('without a connection');
    expect(idsOf(server)).toContain('later');
    await allEnded();
  });

  it('has a puppet whose host is gone', async () => {
    const { url } = await blackHole();
    const failed = pending(send(await registerAt(url)));
    await clock.advance(BUDGET_MS);
    expect(await failed).toMatchObject({ stage: 'withdrawn', attempts: 1 });
  });

  it('is one of many, each with an answer of its own', async () => {
    const server = await puppetServer(refusing);
    const puppet = await registerAt(server.url);
    const outcomes = await Promise.all(Array.from({ length: 600 }, () => send(puppet)));
    const stages = outcomes.map((outcome) => outcome.delivery === 'pending' && outcome.stage);
    expect(stages.filter((stage) => stage === 'status')).toHaveLength(512);
    expect(stages.filter((stage) => stage === 'saturated')).toHaveLength(88);
  });
});

describe('a puppet that moved', () => {
  let other: Dispatch;

  beforeEach(() => {
    other = replica();
  });

  it.each([
    ['is no longer where it was', refusedUrl],
    ['left somebody else there', async () => (await puppetServer(refusing)).url],
  ])('through another replica, and %s, gets the event as attempt 2', async (_what, before) => {
    const there = await puppetServer();
    const known = await registerAt(await before());
    await registerAt(there.url, other);
    expect(await send(known)).toEqual({ delivery: 'delivered', status: 200, attempts: 2 });
    expect(there.received.map(({ headers }) => headers['x-wxkf-attempt'])).toEqual(['2']);
    expect(idsOf(there)).toEqual([event.id]);
    expect(dispatch.registry.image.findPuppet(event.openKfId)?.endpoint).toBe(there.url);
  });

  it('has what is left of the budget', async () => {
    const { server: old, held } = await holdingPuppet();
    const { server: there, held: heldThere } = await holdingPuppet();
    const dispatched = send(await registerAt(old.url));
    const state = watch(dispatched);
    await old.next();
    await registerAt(there.url, other);
    await clock.advance(600);
    held[0]?.writeHead(500).end();
    await there.next();
    await clock.advance(399);
    expect(state.isSettled).toBe(false);
    await clock.advance(1);
    expect(await pending(dispatched)).toMatchObject({ stage: 'late', attempts: 2 });
    heldThere[0]?.end();
    await allEnded();
  });

  it('and fails there too is told by what happened there', async () => {
    const there = await puppetServer(refusing);
    const known = await registerAt(await refusedUrl());
    await registerAt(there.url, other);
    expect(await pending(send(known))).toMatchObject({
      reason: 'the answer was 500',
      stage: 'status',
      attempts: 2,
    });
    expect(there.received).toHaveLength(1);
  });

  it('and said goodbye is not tried', async () => {
    const there = await puppetServer();
    const known = await registerAt(await refusedUrl());
    await registerAt(there.url, other);
    await other.registry.presence.deregister({ openKfId: event.openKfId, corpId: event.corpId });
    expect(await pending(send(known))).toMatchObject({
      stage: 'connect',
      attempts: 1,
    });
    expect(there.received).toEqual([]);
  });

  it('is not looked for when the budget is used up', async () => {
    const { server: old, held } = await holdingPuppet();
    const there = await puppetServer();
    const dispatched = send(await registerAt(old.url));
    await old.next();
    await registerAt(there.url, other);
    await clock.advance(BUDGET_MS);
    expect(await pending(dispatched)).toMatchObject({ stage: 'late', attempts: 1 });
    held[0]?.writeHead(500).end();
    await allEnded();
    expect(there.received).toEqual([]);
  });
});

describe('the store, read again after a failed attempt,', () => {
  class StoreOf extends MemoryPuppetRepository {
    constructor(private readonly answer: (found: Promise<Puppet | null>) => Promise<Puppet | null>) {
      super(table);
    }

    override find(openKfId: string): Promise<Puppet | null> {
      return this.answer(super.find(openKfId));
    }
  }

  it('may hang no longer than the budget', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    use({
      repository: new StoreOf(() => {
        ask();
        return new Promise(() => {});
      }),
    });
    const { server, held } = await holdingPuppet();
    const dispatched = send(await registerAt(server.url));
    await server.next();
    // What is left for the store runs on the system's clock.
    await clock.advance(BUDGET_MS - 20);
    held[0]?.writeHead(500).end();
    await asked;
    expect(await pending(dispatched)).toMatchObject({ stage: 'status', attempts: 1 });
  });

  it('may be down', async () => {
    use({ repository: new StoreOf(() => Promise.reject(new AppError('STORE_UNAVAILABLE'))) });
    const error = await pending(send(await registerAt(await refusedUrl())));
    expect(error).toMatchObject({ stage: 'connect', attempts: 1 });
  });

  it('may know nothing of the puppet any more', async () => {
    use({ repository: new StoreOf(async () => null) });
    const error = await pending(send(await registerAt(await refusedUrl())));
    expect(error).toMatchObject({ stage: 'connect', attempts: 1 });
  });

  it('may answer when the budget is over: nothing is begun then', async () => {
    use({
      repository: new StoreOf(async (found) => {
        await clock.advance(BUDGET_MS);
        return found;
      }),
    });
    const there = await puppetServer();
    const known = await registerAt(await refusedUrl());
    await registerAt(there.url, replica());
    expect(await pending(send(known))).toMatchObject({
      stage: 'connect',
      attempts: 1,
    });
    expect(there.received).toEqual([]);
  });
});
