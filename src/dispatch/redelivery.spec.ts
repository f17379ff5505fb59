import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  client,
  clock,
  closeAll,
  holdingPuppet,
  kfEvent,
  openClient,
  pass,
  puppetServer,
  SOCKETS,
  untilReceived,
  watch,
} from '../../test/support/delivery.js';
import { type Dispatch, type DispatchParts, openDispatch } from '../../test/support/dispatch.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../test/support/memory-puppet.repository.js';
import { MemoryResyncBudget } from '../../test/support/memory-resync-budget.js';
import type { Behaviour, PuppetServer, Received } from '../../test/support/puppet-server.js';
import { registration, saved } from '../../test/support/puppets.js';
import { refusedUrl } from '../../test/support/raw-server.js';
import { AppError } from '../kernel/app-error.js';
import { Secret } from '../kernel/secret.js';
import type { Registration } from '../registry/puppet.js';
import type { Registered } from '../registry/registrations.js';
import type { Dispatched } from './dispatcher.js';
import { type Hint, hintKey, type NewHint } from './hint.js';
import type { KfEvent } from './kf-event.js';
import { LocalOutbox, MemoryHintStore } from './local-outbox.js';
import type { ClaimedHint, Held, Kept } from './outbox.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const BUDGET_MS = 1_000;
const ANSWER_LIMIT_MS = 2_800;
const LEASE_MS = 15_000;
const { openKfId: ACCOUNT, corpId: CORP } = registration();
const RAW = {
  msgSignature: 'a'.repeat(40),
  timestamp: '1767225600',
  nonce: 'n+/=',
  body: Buffer.from([60, 0, 0xff, 0x80]),
};

let table: PuppetTable;
let dispatch: Dispatch;
let replicas: Dispatch[];

beforeEach(() => {
  openClient();
  table = new Map();
  replicas = [];
});

afterEach(async () => {
  const closing = Promise.all(replicas.map((replica) => replica.close()));
  const state = watch(closing);
  // What silent puppets have is given up.
  while (!state.isSettled) await clock.advance(SECOND_MS);
  await closing;
  await closeAll();
});

/** Starts the manager under test on these parts, or one more replica of it. */
async function open(parts: Partial<DispatchParts> = {}): Promise<Dispatch> {
  const replica = openDispatch(clock, { client, repository: new MemoryPuppetRepository(table), ...parts });
  replicas.push(replica);
  replica.start();
  await replica.registry.whenLoaded();
  return replica;
}

const account = (n: number): string => `wkAccount-${n}`;

async function registerAt(
  endpoint: string,
  fields: Partial<Registration> = {},
  { registry } = dispatch,
): Promise<void> {
  (await registry.register(registration({ endpoint, ...fields }))).answered();
}

function send(fields: Partial<KfEvent> = {}, { dispatcher, registry } = dispatch): Promise<Dispatched> {
  const event = kfEvent(fields);
  return dispatcher.dispatch(event, registry.findPuppet(event.openKfId), clock.elapsedMs());
}

async function keep(fields: Partial<KfEvent> = {}): Promise<void> {
  expect(await send(fields)).toMatchObject({ delivery: 'pending' });
}

const hintOf = (openKfId = ACCOUNT): Promise<Hint | null> =>
  dispatch.outbox.find(hintKey({ corpId: CORP, openKfId }));

async function waitingCount(): Promise<number> {
  return (await dispatch.outbox.counts()).waiting;
}

const refusing: Behaviour = (_request, response) => void response.writeHead(500).end();
const taking: Behaviour = (_request, response) => void response.end('success');

const idsOf = ({ received }: PuppetServer): unknown[] => received.map(({ headers }) => headers['webhook-id']);
const attemptsOf = ({ received }: PuppetServer): number[] =>
  received.map(({ headers }) => Number(headers['x-wxkf-attempt']));

/** A puppet that refuses everything, and when it got it. */
async function refusingPuppet(): Promise<{ server: PuppetServer; times: number[] }> {
  const times: number[] = [];
  const server = await puppetServer((request, response) => {
    times.push(clock.elapsedMs());
    refusing(request, response);
  });
  return { server, times };
}

const gapsOf = (times: readonly number[]): number[] =>
  times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0));

/** Kept by a process that is gone. */
async function leave(fields: Partial<NewHint> = {}, { outbox } = dispatch): Promise<Kept> {
  const nowMs = clock.nowMs();
  const hint = {
    event: kfEvent(),
    keysId: null,
    arrivedAtMs: nowMs,
    attempts: 1,
    step: 1,
    dueAtMs: nowMs,
    endpoint: null,
    failure: null,
    lease: null,
  };
  return outbox.put({ ...hint, ...fields }, nowMs);
}

describe('an event that its puppet did not take', () => {
  beforeEach(async () => {
    dispatch = await open();
  });

  it('is tried again after about 1, 3 and 10 s, and then never more than 25 s apart', async () => {
    const { server, times } = await refusingPuppet();
    await registerAt(server.url);
    await keep();
    await pass(10 * MINUTE_MS);
    const gaps = gapsOf(times);
    for (const [n, seconds] of [1, 3, 10].entries()) {
      expect(gaps[n]).toBeGreaterThanOrEqual(seconds * 800);
      expect(gaps[n]).toBeLessThanOrEqual(seconds * 1_200 + 20);
    }
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25_000);
  });

  it('counts its attempts', async () => {
    const { server } = await refusingPuppet();
    await registerAt(server.url);
    await keep();
    await pass(3 * MINUTE_MS);
    const attempts = attemptsOf(server);
    expect(attempts.length).toBeGreaterThan(5);
    expect(attempts).toEqual(attempts.map((_, n) => n + 1));
  });

  it('is delivered once its puppet is back, and then waits no more', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await keep();
    server.behave(taking);
    await pass(2_000);
    expect(attemptsOf(server)).toEqual([1, 2]);
    expect(await hintOf()).toBeNull();
    await pass(10 * MINUTE_MS);
    expect(server.received).toHaveLength(2);
  });

  it('gives way to a newer one, and only the newest is delivered', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    for (const id of ['older', 'newer', 'newest']) await keep({ id });
    const before = server.received.length;
    server.behave(taking);
    await pass(MINUTE_MS);
    expect(idsOf(server).slice(before)).toEqual(['newest']);
  });

  it('is settled by a newer one that the puppet takes', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await keep({ id: 'older' });
    server.behave(taking);
    expect(await send({ id: 'newer' })).toMatchObject({ delivery: 'delivered' });
    await pass(MINUTE_MS);
    expect(idsOf(server)).toEqual(['older', 'newer']);
    expect(await hintOf()).toBeNull();
  });

  it('is not lost when a newer one comes while it is on its way', async () => {
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    await leave({ endpoint: server.url, event: kfEvent({ id: 'older' }) });
    dispatch.redelivery.wakeUp();
    await pass(20);
    await untilReceived(server, 1);
    const newer = send({ id: 'newer' });
    await untilReceived(server, 2);
    held[1]?.writeHead(500).end();
    await newer;
    held[0]?.end();
    await pass(20);
    await untilReceived(server, 3);
    held[2]?.end();
    await pass(20);
    expect(idsOf(server)).toEqual(['older', 'newer', 'newer']);
    expect(await hintOf()).toBeNull();
  });
});

describe('a receiver that was down', () => {
  const ACCOUNTS = [1, 50];
  const OUTAGES_MS = [30 * SECOND_MS, 3 * MINUTE_MS, 9 * MINUTE_MS, 15 * MINUTE_MS];

  it.each(OUTAGES_MS.flatMap((ms) => ACCOUNTS.map((accounts) => [ms, accounts] as const)))(
    'for %i ms has its first event within 30 s, and all %i accounts theirs',
    async (outageMs, accounts) => {
      dispatch = await open();
      const server = await puppetServer(refusing);
      const all = Array.from({ length: accounts }, (_, n) => account(n));
      for (const openKfId of all) await registerAt(server.url, { openKfId });
      await Promise.all(all.map((openKfId) => keep({ id: openKfId, openKfId })));
      await pass(outageMs);

      const before = server.received.length;
      const times: number[] = [];
      server.behave((request, response) => {
        times.push(clock.elapsedMs());
        taking(request, response);
      });
      await pass(30 * SECOND_MS);
      expect(times.length).toBeGreaterThan(0);
      // Resyncs of one corp take their time.
      if (outageMs >= 10 * MINUTE_MS) await pass(10 * MINUTE_MS);
      const accountsOf = server.received.slice(before).map(({ body }) => JSON.parse(body).openKfId);
      expect(accountsOf.toSorted()).toEqual(all.toSorted());
      expect(await waitingCount()).toBe(0);
    },
  );
});

describe('what is sent again', () => {
  let server: PuppetServer;

  beforeEach(async () => {
    dispatch = await open();
    server = await puppetServer(refusing);
    await registerAt(server.url);
  });

  const lastOf = ({ received }: PuppetServer): Received | undefined => received.at(-1);

  it('is the callback as it came, byte for byte, under the same id', async () => {
    await keep({ raw: RAW });
    server.behave(taking);
    await pass(2_000);
    const [first, second] = server.received;
    expect(second).toMatchObject({
      path: '/callback',
      query: { msg_signature: RAW.msgSignature, timestamp: RAW.timestamp, nonce: RAW.nonce },
      bodyBytes: RAW.body,
    });
    expect(second?.target).toBe(first?.target);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.headers['content-type']).toBe('text/xml');
  });

  it('is its decrypted form, under the same id, when the puppet has other keys by then', async () => {
    await keep({ raw: RAW });
    server.behave(taking);
    await registerAt(server.url, { callbackToken: new Secret('callbackToken2') });
    await pass(0);
    expect(lastOf(server)).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: 'SYNC', openKfId: ACCOUNT }),
      headers: { 'webhook-id': 'event-1' },
    });
  });

  it('has an empty sync token and another id when the token’s 10 minutes are over', async () => {
    await keep({ raw: RAW });
    await pass(10 * MINUTE_MS - 100);
    expect(new Set(idsOf(server))).toEqual(new Set(['event-1']));
    await pass(MINUTE_MS);
    server.behave(taking);
    await pass(30 * SECOND_MS);
    expect(lastOf(server)).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: '', openKfId: ACCOUNT }),
    });
    expect(idsOf(server).at(-1)).not.toBe('event-1');
    expect(await hintOf()).toBeNull();
  });
});

describe('resyncs', () => {
  const old = (): number => clock.nowMs() - 11 * MINUTE_MS;

  it('are at most 6 a minute for one corp, and hold up no other', async () => {
    dispatch = await open();
    const times = new Map<string, number[]>();
    const server = await puppetServer(taking);
    const all = Array.from({ length: 20 }, (_, n) => account(n));
    for (const openKfId of all) {
      const corpId = openKfId === account(19) ? 'wwCorp_2' : CORP;
      await registerAt(server.url, { openKfId, corpId });
      const event = kfEvent({ openKfId, corpId });
      await leave({ event, endpoint: server.url, arrivedAtMs: old() });
    }
    server.behave((request, response) => {
      const { openKfId } = JSON.parse(server.received.at(-1)?.body ?? '');
      const corp = openKfId === account(19) ? 'other' : 'one';
      times.set(corp, [...(times.get(corp) ?? []), clock.elapsedMs()]);
      taking(request, response);
    });
    const startedMs = clock.elapsedMs();
    dispatch.redelivery.wakeUp();
    await pass(SECOND_MS);
    expect(times.get('other')).toHaveLength(1);
    await pass(5 * MINUTE_MS);
    const sent = times.get('one') ?? [];
    expect(sent).toHaveLength(19);
    for (const [n, atMs] of sent.entries()) {
      const seventh = sent[n + 6];
      if (seventh !== undefined) expect(seventh - atMs).toBeGreaterThanOrEqual(MINUTE_MS);
    }
    expect((sent.at(-1) ?? 0) - startedMs).toBeLessThan(4 * MINUTE_MS);
    expect(await waitingCount()).toBe(0);
  });

  it('that the puppet saw nothing of are not counted', async () => {
    dispatch = await open();
    const url = await refusedUrl();
    await registerAt(url);
    await leave({ endpoint: url, arrivedAtMs: old() });
    dispatch.redelivery.wakeUp();
    await pass(10 * MINUTE_MS);
    expect((await hintOf())?.attempts).toBeGreaterThan(10);
    for (let n = 0; n < 6; n++) expect(await dispatch.budget.take(CORP, clock.nowMs())).toBeNull();
  });

  it('that must wait use up no retries', async () => {
    dispatch = await open();
    const server = await puppetServer(taking);
    await registerAt(server.url);
    for (let n = 0; n < 6; n++) await dispatch.budget.take(CORP, clock.nowMs());
    await leave({ endpoint: server.url, arrivedAtMs: old(), step: 9, attempts: 12 });
    dispatch.redelivery.wakeUp();
    await pass(59 * SECOND_MS);
    expect(await hintOf()).toMatchObject({ step: 9, attempts: 12 });
    expect(server.received).toEqual([]);
    await pass(2 * SECOND_MS);
    expect(server.received).toHaveLength(1);
  });

  it('that must wait leave a hint that only a probe was early with its own time', async () => {
    dispatch = await open();
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const dueAtMs = clock.nowMs() + 10 * MINUTE_MS;
    await leave({ endpoint: server.url, arrivedAtMs: old(), step: 9, attempts: 12, dueAtMs });
    for (let n = 0; n < 6; n++) await dispatch.budget.take(CORP, clock.nowMs() + 15 * SECOND_MS);
    await pass(5 * MINUTE_MS);
    expect(server.received.length).toBeGreaterThan(5);
    expect(await hintOf()).toMatchObject({ step: 9, dueAtMs });
  });
});

describe('a dead letter', () => {
  beforeEach(async () => {
    dispatch = await open();
  });

  it('is what no puppet took within 3 days, and is not sent any more', async () => {
    const server = await puppetServer(taking);
    await registerAt(server.url);
    const arrivedAtMs = clock.nowMs() - 3 * DAY_MS + SECOND_MS;
    await leave({ endpoint: server.url, arrivedAtMs, dueAtMs: clock.nowMs() + SECOND_MS });
    await pass(MINUTE_MS);
    expect(await hintOf()).toMatchObject({ state: 'dead', lastFailure: { stage: 'expired' } });
    expect(server.received).toEqual([]);
  });

  it('is what is for an endpoint that cannot be used, until the puppet registers with another', async () => {
    await registerAt('');
    expect(await send()).toMatchObject({ delivery: 'pending', stage: 'endpoint' });
    await pass(2_000);
    expect(await hintOf()).toMatchObject({ state: 'dead', lastFailure: { stage: 'endpoint' } });
    const server = await puppetServer();
    await registerAt(server.url);
    await pass(0);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(await hintOf()).toBeNull();
  });

  it('is brought back by a newer event', async () => {
    await registerAt('');
    await keep();
    await pass(2_000);
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await pass(0);
    server.behave(taking);
    await keep({ id: 'newer' }).catch(() => {});
    await pass(MINUTE_MS);
    expect(idsOf(server).at(-1)).toBe('newer');
    expect(await hintOf()).toBeNull();
  });
});

describe('a puppet that registers', () => {
  let server: PuppetServer;

  beforeEach(async () => {
    dispatch = await open();
    server = await puppetServer();
  });

  const register = (fields?: Partial<Registration>) =>
    dispatch.registry.register(registration({ endpoint: server.url, ...fields }));

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
    const budget = new MemoryResyncBudget();
    const begun = Promise.withResolvers<Registered>();
    const take = budget.take.bind(budget);
    budget.take = async (corpId, nowMs) => {
      begun.resolve(await register());
      return take(corpId, nowMs);
    };
    dispatch = await open({ budget });
    await registerAt(server.url);
    await leave({ endpoint: server.url, arrivedAtMs: clock.nowMs() - 11 * MINUTE_MS });
    dispatch.redelivery.wakeUp();
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
    dispatch.redelivery.wakeUp();
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
    const accounts = [1, 2, 3].map(account);
    for (const openKfId of accounts) await registerAt(server.url, { openKfId });
    for (const openKfId of accounts) for (const _ of [1, 2]) await keep({ openKfId, id: openKfId });
    expect(dispatch.redelivery.circuits.isOpen(server.url)).toBe(true);
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

  const forget = () => dispatch.registry.forget(ACCOUNT, { from: '10.0.0.9', requestId: 'request-1' });

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

describe('an account that said goodbye', () => {
  it('is tried after 5 s, and online again when its puppet takes the event', async () => {
    dispatch = await open();
    const server = await puppetServer();
    await registerAt(server.url);
    await dispatch.registry.deregister({ openKfId: ACCOUNT, corpId: CORP });
    expect(await send()).toMatchObject({ delivery: 'pending', stage: 'offline' });
    await pass(4_900);
    expect(server.received).toEqual([]);
    await pass(200);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(dispatch.registry.findPuppet(ACCOUNT)?.online).toBe(true);
    expect(await send({ id: 'next' })).toMatchObject({ delivery: 'delivered' });
  });
});

describe('while a circuit is open', () => {
  let server: PuppetServer;

  beforeEach(async () => {
    dispatch = await open();
    server = await puppetServer(refusing);
    for (const n of [1, 2, 3]) await registerAt(server.url, { openKfId: account(n) });
    for (const id of ['1', '2', '3', '4', '5']) await keep({ id });
    expect(dispatch.redelivery.circuits.isOpen(server.url)).toBe(true);
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
    expect(dispatch.redelivery.circuits.isOpen(server.url)).toBe(false);
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
    dispatch = await open({ outbox });
    const server = await puppetServer(refusing);
    for (const n of [1, 2]) await registerAt(server.url, { openKfId: account(n) });
    for (const id of ['1', '2', '3', '4', '5']) await keep({ id });
    const { promise, resolve } = Promise.withResolvers<void>();
    outbox.beforePut = () => promise;
    const dispatched = send({ openKfId: account(2), id: 'between' });
    server.behave(taking);
    // The probe.
    await pass(1_200);
    expect(dispatch.redelivery.circuits.isOpen(server.url)).toBe(false);
    resolve();
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'circuit' });
    await pass(100);
    expect(idsOf(server).at(-1)).toBe('between');
  });
});

describe('an endpoint that never answers', () => {
  it('has so many deliveries under way at most, and holds up no other', async () => {
    dispatch = await open();
    const { server: silent } = await holdingPuppet();
    const other = await puppetServer();
    for (let n = 0; n < 300; n++) {
      await registerAt(silent.url, { openKfId: account(n) });
      await leave({ event: kfEvent({ openKfId: account(n) }), endpoint: silent.url });
    }
    await registerAt(other.url, { openKfId: account(300) });
    dispatch.redelivery.wakeUp();
    await pass(100);
    expect(client.underWay.length).toBeGreaterThanOrEqual(SOCKETS);
    expect(client.underWay.length).toBeLessThanOrEqual(SOCKETS + 64);
    await leave({ event: kfEvent({ openKfId: account(300) }), endpoint: other.url });
    dispatch.redelivery.wakeUp();
    await pass(20);
    expect(other.received).toHaveLength(1);
    expect(await send({ openKfId: account(300), id: 'inline' })).toMatchObject({ delivery: 'delivered' });
  });
});

describe('puppets behind one host, told apart by their paths,', () => {
  it('are not held up by those of them that are dead', async () => {
    dispatch = await open();
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

/** An outbox whose puts do as they are told. */
class StubbornOutbox extends LocalOutbox {
  beforePut: () => Promise<void> = async () => {};
  puts = 0;

  constructor() {
    super(new MemoryHintStore());
  }

  override async put(hint: NewHint, nowMs: number): Promise<Kept> {
    this.puts++;
    await this.beforePut();
    return super.put(hint, nowMs);
  }
}

describe('when an event cannot be kept', () => {
  let outbox: StubbornOutbox;

  beforeEach(async () => {
    outbox = new StubbornOutbox();
    outbox.beforePut = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    dispatch = await open({ outbox });
  });

  it('it is said within 2.8 s, and the event tried on from memory', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const failed = expect(send()).rejects.toMatchObject({ code: 'DISPATCH_NOT_TAKEN' });
    await pass(ANSWER_LIMIT_MS);
    await failed;
    expect(outbox.puts).toBeGreaterThan(5);
    expect(dispatch.keeper.isFailing).toBe(true);
    server.behave(taking);
    await pass(30 * SECOND_MS);
    expect(idsOf(server).at(-1)).toBe('event-1');
    expect(await waitingCount()).toBe(0);
    const before = server.received.length;
    await pass(10 * MINUTE_MS);
    expect(server.received).toHaveLength(before);
  });

  it('it is probed from memory too, when nothing of the store works', async () => {
    outbox.claimOldest = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    for (let n = 0; n < 6; n++) {
      const failed = expect(send()).rejects.toMatchObject({ code: 'DISPATCH_NOT_TAKEN' });
      await pass(ANSWER_LIMIT_MS);
      await failed;
    }
    expect(dispatch.redelivery.circuits.isOpen(server.url)).toBe(true);
    server.behave(taking);
    await pass(30 * SECOND_MS);
    expect(idsOf(server).at(-1)).toBe('event-1');
    expect(dispatch.redelivery.circuits.isOpen(server.url)).toBe(false);
  });

  it('for the store hangs, it is said after exactly 2.8 s', async () => {
    outbox.beforePut = () => new Promise(() => {});
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const dispatched = send();
    const failed = expect(dispatched).rejects.toMatchObject({ code: 'DISPATCH_NOT_TAKEN' });
    const state = watch(dispatched);
    await pass(ANSWER_LIMIT_MS - 1);
    expect(state.isSettled).toBe(false);
    await pass(1);
    await failed;
  });

  it.each([
    ['fails', () => Promise.reject(new AppError('STORE_UNAVAILABLE'))],
    ['fails in a way that nobody foresaw', () => Promise.reject(new Error('a bug'))],
    ['hangs', () => new Promise<void>(() => {})],
  ])('for the store %s, the puppet has the whole 2.8 s to take it', async (_how, beforePut) => {
    outbox.beforePut = beforePut;
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    const dispatched = send();
    const state = watch(dispatched);
    await untilReceived(server, 1);
    await pass(ANSWER_LIMIT_MS - 1);
    expect(state.isSettled).toBe(false);
    held[0]?.end();
    expect(await dispatched).toEqual({ delivery: 'delivered', status: 200, attempts: 1 });
    await pass(1);
  });

  it('and the puppet does not take it in the 2.8 s, it is said then', async () => {
    const { server } = await holdingPuppet();
    await registerAt(server.url);
    const dispatched = send();
    const failed = expect(dispatched).rejects.toMatchObject({ code: 'DISPATCH_NOT_TAKEN' });
    await untilReceived(server, 1);
    await pass(ANSWER_LIMIT_MS);
    await failed;
  });

  it('at first, it may be kept within the time', async () => {
    let failures = 3;
    outbox.beforePut = async () => {
      if (failures-- > 0) throw new AppError('STORE_UNAVAILABLE');
    };
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const dispatched = send();
    await pass(ANSWER_LIMIT_MS);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'status' });
    expect(dispatch.keeper.isFailing).toBe(false);
    server.behave(taking);
    await pass(10 * SECOND_MS);
    expect(await waitingCount()).toBe(0);
  });

  it('for there are too many accounts that nobody registered, that is said at once', async () => {
    outbox.beforePut = async () => {
      throw new AppError('OUTBOX_FULL');
    };
    await expect(send()).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
  });

  it('since its callback came in long ago, there is still time to keep it when the puppet is silent', async () => {
    outbox.beforePut = () => new Promise((resolve) => void clock.after(100, resolve));
    const { server } = await holdingPuppet();
    await registerAt(server.url);
    const puppet = dispatch.registry.findPuppet(ACCOUNT);
    await pass(2_000);
    const dispatched = dispatch.dispatcher.dispatch(kfEvent(), puppet, clock.elapsedMs() - 2_000);
    await untilReceived(server, 1);
    await pass(ANSWER_LIMIT_MS - 2_000);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'late' });
  });
});

describe('an attempt that is under way when its event is kept', () => {
  beforeEach(async () => {
    dispatch = await open();
  });

  async function sendLate() {
    const puppet = await holdingPuppet();
    await registerAt(puppet.server.url);
    const dispatched = send();
    await untilReceived(puppet.server, 1);
    await pass(BUDGET_MS);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'late' });
    expect((await hintOf())?.lease).not.toBeNull();
    return puppet;
  }

  it('settles it when it succeeds', async () => {
    const { server, held } = await sendLate();
    await pass(3_000);
    expect(server.received).toHaveLength(1);
    held[0]?.end();
    while (client.underWay.length > 0) await pass(0);
    expect(await hintOf()).toBeNull();
    await pass(MINUTE_MS);
    expect(server.received).toHaveLength(1);
  });

  it('gives it back when it fails, and it is tried on', async () => {
    const { server, held, release } = await sendLate();
    await pass(3_000);
    held[0]?.writeHead(500).end();
    const failedMs = clock.elapsedMs();
    while (server.received.length < 2) await pass(1);
    expect(clock.elapsedMs() - failedMs).toBeLessThan(100);
    release();
    await pass(0);
    expect(attemptsOf(server)).toEqual([1, 2]);
    expect(await hintOf()).toBeNull();
  });

  it('gives it back when nothing came in time, and it is tried on', async () => {
    const { server, release } = await sendLate();
    await pass(4_000);
    release();
    await pass(100);
    expect(attemptsOf(server)).toEqual([1, 2]);
    expect(await hintOf()).toBeNull();
  });

  it('settles none that came later and was kept with it', async () => {
    const { server, held } = await sendLate();
    const newer = send({ id: 'newer' });
    await untilReceived(server, 2);
    held[1]?.writeHead(500).end();
    await newer;
    held[0]?.end();
    while (server.received.length < 3) await pass(1);
    held[2]?.end();
    await pass(0);
    while (client.underWay.length > 0) await pass(0);
    expect(idsOf(server)).toEqual(['event-1', 'newer', 'newer']);
    expect(await hintOf()).toBeNull();
  });
});

/** Other processes keep and claim here too. */
class SharedOutbox extends LocalOutbox {
  override readonly isShared = true;
}

describe('two replicas', () => {
  let other: Dispatch;
  let outbox: SharedOutbox;

  beforeEach(async () => {
    outbox = new SharedOutbox(new MemoryHintStore());
    dispatch = await open({ outbox });
    other = await open({ outbox });
  });

  const claimAsOneThatDies = (): Promise<readonly ClaimedHint[]> =>
    outbox.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());

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
    await other.registry.register(registration({ endpoint: server.url }));
    expect(await send()).toMatchObject({ delivery: 'pending' });
    await pass(4_900);
    expect(server.received).toEqual([]);
    await pass(7_000);
    expect(idsOf(server)).toEqual(['event-1']);
  });

  it('give a puppet what comes as soon as the other has written down its answer', async () => {
    await registerAt(await refusedUrl());
    const server = await puppetServer();
    const registered = await other.registry.register(registration({ endpoint: server.url }));
    await pass(3_000);
    expect(await send()).toMatchObject({ delivery: 'pending', stage: 'registering' });
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
  const outbox = new SharedOutbox(new MemoryHintStore());
  dispatch = await open({ outbox, repository: new ForgetfulRepository(table) });
  const other = await open({ outbox: new LocalOutbox(new MemoryHintStore()) });
  const server = await puppetServer();
  await registerAt(server.url, {}, other);
  await leave({ endpoint: server.url });
  dispatch.redelivery.wakeUp();
  await pass(1_000);
  expect(idsOf(server)).toEqual(['event-1']);
});

/** An outbox whose claims at a registration take their time. */
class SlowlyClaimingOutbox extends LocalOutbox {
  goOn: Promise<void> = Promise.resolve();

  constructor() {
    super(new MemoryHintStore());
  }

  override async claimOf(...claim: Parameters<LocalOutbox['claimOf']>): Promise<ClaimedHint | null> {
    const claimed = await super.claimOf(...claim);
    await this.goOn;
    return claimed;
  }
}

it('what was claimed too late for the answer to a registration is sent all the same, not once its lease has lapsed', async () => {
  const outbox = new SlowlyClaimingOutbox();
  dispatch = await open({ outbox });
  const server = await puppetServer();
  await leave();
  const claimed = Promise.withResolvers<void>();
  outbox.goOn = claimed.promise;
  await registerAt(server.url);
  await pass(1_000);
  expect(server.received).toEqual([]);
  claimed.resolve();
  await pass(100);
  expect(idsOf(server)).toEqual(['event-1']);
});

/** An outbox that settles when it is told to. */
class SlowlySettlingOutbox extends LocalOutbox {
  readonly isSettling = Promise.withResolvers<void>();
  readonly goOn = Promise.withResolvers<void>();

  constructor() {
    super(new MemoryHintStore());
  }

  override async settle(held: Held, nowMs: number): Promise<void> {
    this.isSettling.resolve();
    await this.goOn.promise;
    return super.settle(held, nowMs);
  }
}

describe('when the process ends', () => {
  beforeEach(async () => {
    dispatch = await open();
  });

  it('what is on its way comes to its end, nothing more is begun, and no timer is left', async () => {
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    await leave({ endpoint: server.url });
    dispatch.redelivery.wakeUp();
    await pass(20);
    await untilReceived(server, 1);
    await leave({ endpoint: server.url, event: kfEvent({ openKfId: account(2) }) });
    const closing = dispatch.close();
    const state = watch(closing);
    await pass(1_000);
    expect(state.isSettled).toBe(false);
    held[0]?.end();
    await closing;
    expect(clock.pendingTimers).toBe(0);
    expect(await hintOf()).toBeNull();
    expect(await hintOf(account(2))).toMatchObject({ state: 'waiting', lease: null });
    expect(server.received).toHaveLength(1);
  });

  it('with endpoints in trouble, no timer is left either', async () => {
    const { server } = await refusingPuppet();
    await registerAt(server.url);
    for (const id of ['1', '2', '3', '4', '5', '6']) await keep({ id });
    await dispatch.close();
    expect(clock.pendingTimers).toBe(0);
    expect(await hintOf()).toMatchObject({ state: 'waiting', lease: null });
  });

  it('what fails then waits for the next process', async () => {
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    await leave({ endpoint: server.url });
    dispatch.redelivery.wakeUp();
    await pass(20);
    await untilReceived(server, 1);
    const closing = dispatch.close();
    held[0]?.writeHead(500).end();
    await closing;
    expect(clock.pendingTimers).toBe(0);
    expect(await hintOf()).toMatchObject({ state: 'waiting', lease: null, attempts: 2 });
  });

  it('an attempt whose event was kept meanwhile comes to its end too', async () => {
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    const dispatched = send();
    await untilReceived(server, 1);
    await pass(BUDGET_MS);
    await dispatched;
    const closing = dispatch.close();
    await pass(1_000);
    held[0]?.end();
    await closing;
    expect(await hintOf()).toBeNull();
  });

  it('the store is needed until it has settled what such an attempt delivered', async () => {
    const outbox = new SlowlySettlingOutbox();
    dispatch = await open({ outbox });
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    const dispatched = send();
    await untilReceived(server, 1);
    await pass(BUDGET_MS);
    await dispatched;
    const closing = dispatch.close();
    const state = watch(closing);
    held[0]?.end();
    await outbox.isSettling.promise;
    await pass(1_000);
    expect(state.isSettled).toBe(false);
    outbox.goOn.resolve();
    await closing;
    expect(await hintOf()).toBeNull();
  });
});
