import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import {
  blackHole,
  client,
  clock,
  closeAll,
  exchangesEnded,
  holdingPuppet,
  kfEvent,
  openClient,
  puppetServer,
  SOCKETS,
  SWEEPERS,
  untilReceived,
  watch,
} from '../../test/support/delivery.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../test/support/memory-puppet.repository.js';
import type { Behaviour, PuppetServer } from '../../test/support/puppet-server.js';
import { registration } from '../../test/support/puppets.js';
import { refusedUrl } from '../../test/support/raw-server.js';
import { loadConfig } from '../config/config.js';
import { AppError } from '../kernel/app-error.js';
import type { Puppet } from '../registry/puppet.js';
import type { PuppetRepository } from '../registry/puppet.repository.js';
import { RegistryService } from '../registry/registry.service.js';
import { type Delivered, Dispatcher } from './dispatcher.js';

const BUDGET_MS = 1_000;
const event = kfEvent();
const log = pino({ level: 'silent' });
let table: PuppetTable;
let registry: RegistryService;
let dispatcher: Dispatcher;

beforeEach(() => {
  openClient();
  table = new Map();
  use(new MemoryPuppetRepository(table));
});

afterEach(async () => {
  const { pendingTimers } = clock;
  await closeAll();
  expect(pendingTimers).toBe(SWEEPERS);
});

/** Puts the manager under test on this store. */
function use(repository: PuppetRepository): void {
  registry = replicaOn(repository);
  dispatcher = new Dispatcher(client, registry, clock);
}

function replicaOn(repository: PuppetRepository): RegistryService {
  return new RegistryService(repository, clock, clock, log, loadConfig({}));
}

async function registerAt(endpoint: string, replica = registry): Promise<Puppet> {
  const registered = await replica.register(registration({ endpoint }));
  registered.answered();
  return registered.puppet;
}

const refusing: Behaviour = (_request, response) => void response.writeHead(500).end();

async function notTaken(dispatched: Promise<Delivered>): Promise<AppError> {
  const outcome = await dispatched.catch((error: unknown) => error);
  if (!(outcome instanceof AppError)) throw new Error('it was taken', { cause: outcome });
  expect(outcome.code).toBe('DISPATCH_NOT_TAKEN');
  return outcome;
}

function idsOf(server: PuppetServer): unknown[] {
  return server.received.map(({ headers }) => headers['webhook-id']);
}

describe('an event that is taken', () => {
  it.each([200, 204])('tells the puppet’s status %d and the one attempt', async (status) => {
    const server = await puppetServer((_request, response) => void response.writeHead(status).end());
    const puppet = await registerAt(server.url);
    expect(await dispatcher.dispatch(event, puppet)).toEqual({ status, attempts: 1 });
    expect(server.received[0]?.headers['x-wxkf-attempt']).toBe('1');
  });

  it('may be taken in the last millisecond of the budget', async () => {
    const { server, held } = await holdingPuppet();
    const dispatched = dispatcher.dispatch(event, await registerAt(server.url));
    await server.next();
    await clock.advance(BUDGET_MS - 1);
    held[0]?.end();
    expect(await dispatched).toEqual({ status: 200, attempts: 1 });
  });
});

describe('an event that is not taken', () => {
  it('has no puppet', async () => {
    const error = await notTaken(dispatcher.dispatch(event, null));
    expect(error).toMatchObject({
      detail: 'no puppet has registered for this kf account yet',
      internal: { stage: 'unregistered', attempts: 0 },
    });
  });

  it('has a puppet that said goodbye, which is sent nothing', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    await registry.deregister({ openKfId: event.openKfId, corpId: event.corpId });
    const error = await notTaken(dispatcher.dispatch(event, registry.findPuppet(event.openKfId)));
    expect(error).toMatchObject({
      detail: 'the puppet has deregistered',
      internal: { stage: 'offline', attempts: 0 },
    });
    expect(server.received).toEqual([]);
  });

  it('has a puppet that is not there', async () => {
    const error = await notTaken(dispatcher.dispatch(event, await registerAt(await refusedUrl())));
    expect(error).toMatchObject({
      detail: 'no connection (ECONNREFUSED)',
      internal: { stage: 'connect', attempts: 1 },
    });
  });

  it.each([302, 404, 500])('has a puppet that answers %d', async (status) => {
    const server = await puppetServer((_request, response) => void response.writeHead(status).end());
    const error = await notTaken(dispatcher.dispatch(event, await registerAt(server.url)));
    expect(error).toMatchObject({
      detail: `the puppet answered ${status}`,
      internal: { stage: 'status', attempts: 1 },
    });
  });

  it('has a puppet whose endpoint cannot be used', async () => {
    const error = await notTaken(dispatcher.dispatch(event, await registerAt('')));
    expect(error).toMatchObject({ internal: { stage: 'endpoint', attempts: 1 } });
  });

  it('has a silent puppet: the answer comes after exactly 1 s, and the puppet may still take it', async () => {
    const { server, held } = await holdingPuppet();
    const puppet = await registerAt(server.url);
    const dispatched = dispatcher.dispatch(event, puppet);
    const state = watch(dispatched);
    await server.next();
    await clock.advance(BUDGET_MS - 1);
    expect(state.isSettled).toBe(false);
    await clock.advance(1);
    expect(await notTaken(dispatched)).toMatchObject({
      detail: 'the puppet did not answer in time',
      internal: { stage: 'late', attempts: 1 },
    });

    await clock.advance(3_999);
    held[0]?.end();
    await exchangesEnded();
    // Only a connection whose exchange came to its end is used again.
    const again = dispatcher.dispatch(event, puppet);
    await server.next();
    held[1]?.end();
    await again;
    expect(held[1]?.req.socket).toBe(held[0]?.req.socket);
  });

  it('never got a connection in its time, and is not sent later', async () => {
    const { server, held } = await holdingPuppet();
    const puppet = await registerAt(server.url);
    const busy = Array.from({ length: SOCKETS }, () => dispatcher.dispatch(event, puppet));
    await untilReceived(server, SOCKETS);
    const dispatched = dispatcher.dispatch({ ...event, id: 'without a connection' }, puppet);
    const state = watch(dispatched);
    await clock.advance(BUDGET_MS - 1);
    expect(state.isSettled).toBe(false);
    await clock.advance(1);
    expect(await notTaken(dispatched)).toMatchObject({ internal: { stage: 'withdrawn', attempts: 1 } });
    await Promise.all(busy.map(notTaken));

    server.behave((_request, response) => void response.end());
    for (const response of held) response.end();
    await dispatcher.dispatch({ ...event, id: 'later' }, puppet);
    expect(idsOf(server)).not.toContain('without a connection');
    expect(idsOf(server)).toContain('later');
    await exchangesEnded();
  });

  it('has a puppet whose host is gone', async () => {
    const { url } = await blackHole();
    const failed = notTaken(dispatcher.dispatch(event, await registerAt(url)));
    await clock.advance(BUDGET_MS);
    expect(await failed).toMatchObject({ internal: { stage: 'withdrawn', attempts: 1 } });
  });

  it('is one of many, each with an answer of its own', async () => {
    const server = await puppetServer(refusing);
    const puppet = await registerAt(server.url);
    const errors = await Promise.all(
      Array.from({ length: 600 }, () => notTaken(dispatcher.dispatch(event, puppet))),
    );
    const stages = errors.map(({ internal }) => internal?.stage);
    expect(stages.filter((stage) => stage === 'status')).toHaveLength(512);
    expect(stages.filter((stage) => stage === 'saturated')).toHaveLength(88);
  });
});

describe('a puppet that moved', () => {
  let other: RegistryService;

  beforeEach(() => {
    other = replicaOn(new MemoryPuppetRepository(table));
  });

  it.each([
    ['is no longer where it was', refusedUrl],
    ['left somebody else there', async () => (await puppetServer(refusing)).url],
  ])('through another replica, and %s, gets the event as attempt 2', async (_what, before) => {
    const there = await puppetServer();
    const known = await registerAt(await before());
    await registerAt(there.url, other);
    expect(await dispatcher.dispatch(event, known)).toEqual({ status: 200, attempts: 2 });
    expect(there.received.map(({ headers }) => headers['x-wxkf-attempt'])).toEqual(['2']);
    expect(idsOf(there)).toEqual([event.id]);
    expect(registry.findPuppet(event.openKfId)?.endpoint).toBe(there.url);
  });

  it('has what is left of the budget', async () => {
    const { server: old, held } = await holdingPuppet();
    const { server: there, held: heldThere } = await holdingPuppet();
    const dispatched = dispatcher.dispatch(event, await registerAt(old.url));
    const state = watch(dispatched);
    await old.next();
    await registerAt(there.url, other);
    await clock.advance(600);
    held[0]?.writeHead(500).end();
    await there.next();
    await clock.advance(399);
    expect(state.isSettled).toBe(false);
    await clock.advance(1);
    expect(await notTaken(dispatched)).toMatchObject({ internal: { stage: 'late', attempts: 2 } });
    heldThere[0]?.end();
    await exchangesEnded();
  });

  it('and fails there too is told by what happened there', async () => {
    const there = await puppetServer(refusing);
    const known = await registerAt(await refusedUrl());
    await registerAt(there.url, other);
    expect(await notTaken(dispatcher.dispatch(event, known))).toMatchObject({
      detail: 'the puppet answered 500',
      internal: { stage: 'status', attempts: 2 },
    });
    expect(there.received).toHaveLength(1);
  });

  it('and said goodbye is not tried', async () => {
    const there = await puppetServer();
    const known = await registerAt(await refusedUrl());
    await registerAt(there.url, other);
    await other.deregister({ openKfId: event.openKfId, corpId: event.corpId });
    expect(await notTaken(dispatcher.dispatch(event, known))).toMatchObject({
      internal: { stage: 'connect', attempts: 1 },
    });
    expect(there.received).toEqual([]);
  });

  it('is not looked for when the budget is used up', async () => {
    const { server: old, held } = await holdingPuppet();
    const there = await puppetServer();
    const dispatched = dispatcher.dispatch(event, await registerAt(old.url));
    await old.next();
    await registerAt(there.url, other);
    await clock.advance(BUDGET_MS);
    expect(await notTaken(dispatched)).toMatchObject({ internal: { stage: 'late', attempts: 1 } });
    held[0]?.writeHead(500).end();
    await exchangesEnded();
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
    use(
      new StoreOf(() => {
        ask();
        return new Promise(() => {});
      }),
    );
    const { server, held } = await holdingPuppet();
    const dispatched = dispatcher.dispatch(event, await registerAt(server.url));
    await server.next();
    // What is left for the store runs on the system's clock.
    await clock.advance(BUDGET_MS - 20);
    held[0]?.writeHead(500).end();
    await asked;
    const startedMs = performance.now();
    expect(await notTaken(dispatched)).toMatchObject({ internal: { stage: 'status', attempts: 1 } });
    expect(performance.now() - startedMs).toBeLessThan(BUDGET_MS);
  });

  it('may be down', async () => {
    use(new StoreOf(() => Promise.reject(new AppError('STORE_UNAVAILABLE'))));
    const error = await notTaken(dispatcher.dispatch(event, await registerAt(await refusedUrl())));
    expect(error).toMatchObject({ internal: { stage: 'connect', attempts: 1 } });
  });

  it('may know nothing of the puppet any more', async () => {
    use(new StoreOf(async () => null));
    const error = await notTaken(dispatcher.dispatch(event, await registerAt(await refusedUrl())));
    expect(error).toMatchObject({ internal: { stage: 'connect', attempts: 1 } });
  });

  it('may answer when the budget is over: nothing is begun then', async () => {
    use(
      new StoreOf(async (found) => {
        await clock.advance(BUDGET_MS);
        return found;
      }),
    );
    const there = await puppetServer();
    const known = await registerAt(await refusedUrl());
    await registerAt(there.url, replicaOn(new MemoryPuppetRepository(table)));
    expect(await notTaken(dispatcher.dispatch(event, known))).toMatchObject({
      internal: { stage: 'connect', attempts: 1 },
    });
    expect(there.received).toEqual([]);
  });
});
