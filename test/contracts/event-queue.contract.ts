import {
  bury,
  claimOf,
  drop,
  findHeads,
  freeEvent,
  keepNewest,
  putOne,
  release,
  replay,
  reschedule,
  settle,
  settleEvent,
  wake,
} from '../support/event-steps.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewHint, NextAttempt } from '../../src/queue/event.js';
import type { ClaimedHint, EventQueue } from '../../src/queue/event-queue.js';
import type { HeldHint } from '../../src/queue/event.js';
import { kfEvent } from '../support/delivery.js';
import {
  LINE_ORDERS,
  type LineFilter,
  type LineOrder,
  type QueueStore,
} from '../../src/storage/queue/queue-store.js';
import { LINE_STATES, type LineState } from '../../src/storage/queue/line.js';
import type { Failure } from '../../src/queue/failure.js';
import { accountKey } from '../../src/kernel/account.js';

/** One opened queue; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedEventQueue {
  readonly events: EventQueue;
  /** What it keeps its lines in. */
  readonly store: QueueStore;
  /** Keeps many at once, of accounts for which nothing waits, where one after the other takes the store long. */
  putAll?(hints: readonly NewHint[], nowMs: number): Promise<void>;
  reopen(): Promise<OpenedEventQueue>;
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const LEASE_MS = 15_000;
const ENDPOINT = 'http://puppet:8080';
const NONE: ReadonlySet<string> = new Set();
const FAILURE: Failure = { atMs: NOW_MS, stage: 'connect', reason: 'no connection (ECONNREFUSED)' };
const CREATED_AT_S = 1_348_831_860;
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const KEY = accountKey(ACCOUNT);
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const RAW = {
  msgSignature: 'a'.repeat(40),
  timestamp: '1',
  nonce: 'n',
  body: Buffer.from([0, 0xff, 0x80, 60]),
};

function newHint(openKfId = 'wkAccount-1', fields: Partial<NewHint> = {}): NewHint {
  return {
    event: kfEvent({ openKfId, raw: RAW, traceparent: TRACEPARENT, createdAtS: CREATED_AT_S, lagMs: 60_000 }),
    isFirst: () => false,
    keysId: 'keys-1',
    arrivedAtMs: NOW_MS,
    attempts: 1,
    step: 1,
    dueAtMs: NOW_MS + 1_000,
    endpoint: ENDPOINT,
    failure: FAILURE,
    lease: null,
    ...fields,
  };
}

/** With an event that can be told from others, which WeCom made as many seconds later as it came in milliseconds later. */
function eventOf(id: string, fields: Partial<NewHint> = {}): NewHint {
  const createdAtS = CREATED_AT_S + (fields.arrivedAtMs ?? NOW_MS) - NOW_MS;
  return newHint('wkAccount-1', { event: kfEvent({ id, createdAtS }), keysId: null, ...fields });
}

function retry(fields: Partial<NextAttempt> = {}): NextAttempt {
  return {
    endpoint: ENDPOINT,
    attempts: 2,
    step: 1,
    dueAtMs: NOW_MS + 10_000,
    failure: FAILURE,
    newer: { step: 1, dueAtMs: NOW_MS + 3_000 },
    ...fields,
  };
}

const of = (...states: LineState[]): LineFilter => ({ states, corpId: null });

/** The promises of `EventQueue`, for every adapter. */
export function eventQueueContract(open: () => Promise<OpenedEventQueue>): void {
  describe('the queue of events', () => {
    let opened: OpenedEventQueue;
    let events: EventQueue;

    beforeEach(async () => {
      opened = await open();
      events = opened.events;
    });

    afterEach(() => opened.close());

    const claimAll = (nowMs = NOW_MS + 1_000, limit = 100, except = NONE) =>
      events.lines.claimDue(nowMs, limit, LEASE_MS, except);

    async function claimOne(nowMs = NOW_MS + 1_000): Promise<ClaimedHint> {
      const [hint] = await claimAll(nowMs);
      if (hint === undefined) throw new Error('nothing is due');
      return hint;
    }

    const idsDueAt = async (nowMs: number) => (await claimAll(nowMs)).map(({ event }) => event.id);

    async function reopen(): Promise<void> {
      opened = await opened.reopen();
      events = opened.events;
    }

    describe('put', () => {
      it('keeps all of an event, byte for byte, also over a restart', async () => {
        const put = newHint();
        const { generation } = await putOne(events, put, NOW_MS);
        await reopen();
        expect(await events.find(ACCOUNT)).toEqual({
          corpId: 'wwCorp_1',
          openKfId: 'wkAccount-1',
          event: put.event,
          eventId: put.event.id,
          createdAtS: CREATED_AT_S,
          lagMs: put.event.lagMs,
          keysId: 'keys-1',
          generation,
          events: 1,
          later: [],
          held: null,
          state: 'waiting',
          arrivedAtMs: NOW_MS,
          waitingSinceMs: NOW_MS,
          attempts: 1,
          step: 1,
          dueAtMs: NOW_MS + 1_000,
          endpoint: ENDPOINT,
          lastFailure: FAILURE,
          probedAtMs: 0,
          lease: null,
        });
      });

      it('gives null for an account for which nothing waits', async () => {
        expect(await events.find(ACCOUNT)).toBeNull();
      });

      it('keeps one per account, the newest by CreateTime, in whatever order they are put', async () => {
        const first = await putOne(events, eventOf('old', { arrivedAtMs: NOW_MS - 2 }), NOW_MS);
        expect(first.replaced).toBeNull();
        const second = await putOne(events, eventOf('new'), NOW_MS);
        expect(second.replaced).toBe(first.generation);
        const third = await putOne(events, eventOf('older', { arrivedAtMs: NOW_MS - 1 }), NOW_MS);
        expect(third.replaced).toBe(second.generation);
        expect(new Set([first, second, third].map(({ generation }) => generation)).size).toBe(3);
        expect(await idsDueAt(NOW_MS + 60_000)).toEqual(['new']);
      });

      it('keeps the newest by CreateTime, whenever it came in, and tells which', async () => {
        const newest = kfEvent({ id: 'newest', createdAtS: CREATED_AT_S + 1 });
        const delayed = eventOf('delayed', { arrivedAtMs: NOW_MS + 9_000 });
        const older = { ...delayed, event: kfEvent({ id: 'delayed', createdAtS: CREATED_AT_S }) };
        await putOne(events, eventOf('first', { event: newest }), NOW_MS);
        const { dated } = await putOne(events, older, NOW_MS + 9_000);
        expect(dated).toEqual({ id: 'newest', createdAtS: CREATED_AT_S + 1 });
        expect(await events.find(ACCOUNT)).toMatchObject({ event: newest, arrivedAtMs: NOW_MS });
      });

      it('keeps an event that comes again as it was', async () => {
        await putOne(events, newHint(), NOW_MS);
        const before = await events.find(ACCOUNT);
        const again = newHint('wkAccount-1', { arrivedAtMs: NOW_MS + 9_000, dueAtMs: NOW_MS + 10_000 });
        const { generation } = await putOne(events, again, NOW_MS + 9_000);
        expect(await events.find(ACCOUNT)).toEqual({ ...before, generation });
      });

      it.each([
        ['of one second', CREATED_AT_S, CREATED_AT_S, CREATED_AT_S],
        ['of which one came without CreateTime', null, CREATED_AT_S, null],
        ['of which the other came without CreateTime', CREATED_AT_S, null, null],
        ['without CreateTime', null, null, null],
      ])(
        'keeps of two %s the later one, as an event that no puppet has had',
        async (_what, first, second, both) => {
          const of = (id: string, createdAtS: number | null) =>
            eventOf(id, { event: kfEvent({ id, createdAtS, syncToken: id }) });
          await putOne(events, of('first', first), NOW_MS);
          const { dated } = await putOne(events, of('second', second), NOW_MS);
          expect(dated).toEqual({ id: expect.any(String), createdAtS: both });
          expect(['first', 'second']).not.toContain(dated.id);
          await reopen();
          expect(await events.find(ACCOUNT)).toMatchObject({
            event: { ...dated, syncToken: 'second' },
            eventId: dated.id,
            createdAtS: both,
          });
        },
      );

      it('keeps of two of one second the one that came in later for the first time, where that is known', async () => {
        const isFirst = (id: string) => id === 'second';
        const of = (id: string) => kfEvent({ id, createdAtS: CREATED_AT_S, syncToken: id });
        await putOne(events, eventOf('second', { event: of('second') }), NOW_MS);
        const { dated } = await putOne(events, eventOf('first', { event: of('first'), isFirst }), NOW_MS);
        expect(dated.id).not.toBe('second');
        expect(await events.find(ACCOUNT)).toMatchObject({ event: { ...dated, syncToken: 'second' } });
      });

      it('keeps the trace of the newest event, also where that is of none', async () => {
        await putOne(events, newHint(), NOW_MS);
        await putOne(events, eventOf('older', { arrivedAtMs: NOW_MS - 1 }), NOW_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({ event: { traceparent: TRACEPARENT } });
        await putOne(events, eventOf('newer', { arrivedAtMs: NOW_MS + 1 }), NOW_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({ event: { id: 'newer', traceparent: null } });
      });

      it('keeps the place in the schedule, and starts the age anew', async () => {
        await putOne(events, newHint(), NOW_MS);
        await reschedule(events, await claimOne(), retry({ step: 4, attempts: 5 }), NOW_MS);
        await putOne(
          events,
          eventOf('newer', { arrivedAtMs: NOW_MS + 5, dueAtMs: NOW_MS + 1_005 }),
          NOW_MS + 5,
        );
        expect(await events.find(ACCOUNT)).toMatchObject({
          step: 4,
          attempts: 1,
          dueAtMs: NOW_MS + 10_000,
          arrivedAtMs: NOW_MS + 5,
        });
      });

      it('keeps since when the account waits, whatever comes in, over a restart too', async () => {
        await putOne(events, eventOf('first', { arrivedAtMs: NOW_MS - 780_000 }), NOW_MS - 780_000);
        await putOne(events, eventOf('newer', { arrivedAtMs: NOW_MS }), NOW_MS);
        const waiting = { arrivedAtMs: NOW_MS, waitingSinceMs: NOW_MS - 780_000 };
        expect(await events.find(ACCOUNT)).toMatchObject(waiting);
        await reschedule(events, await claimOne(), retry(), NOW_MS + 1_000);
        await reopen();
        expect(await events.find(ACCOUNT)).toMatchObject(waiting);
        expect((await findHeads(events, [ACCOUNT])).get(KEY)).toMatchObject(waiting);
        expect(await events.counts()).toMatchObject({ oldestWaitingAtMs: NOW_MS - 780_000 });
      });

      it('keeps how its endpoint failed while newer events are not tried for that', async () => {
        const untried = { ...FAILURE, stage: 'circuit' as const };
        await putOne(events, eventOf('first', { arrivedAtMs: NOW_MS - 9, failure: FAILURE }), NOW_MS);
        await putOne(events, eventOf('newer', { failure: untried }), NOW_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({ lastFailure: FAILURE });
        const moved = eventOf('moved', {
          arrivedAtMs: NOW_MS + 9,
          failure: untried,
          endpoint: 'http://other',
        });
        await putOne(events, moved, NOW_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({ lastFailure: untried });
      });

      it('says that its endpoint fails, where its last failure was that it had to wait its turn', async () => {
        const [turn, untried] = (['resync', 'circuit'] as const).map((stage) => ({ ...FAILURE, stage }));
        await putOne(events, eventOf('first', { arrivedAtMs: NOW_MS - 9, failure: turn ?? null }), NOW_MS);
        await putOne(events, eventOf('newer', { failure: untried ?? null }), NOW_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({ lastFailure: untried });
      });

      it('brings a hint back from the slow part of the schedule', async () => {
        await putOne(events, newHint(), NOW_MS);
        await reschedule(events, await claimOne(), retry({ step: 9, dueAtMs: NOW_MS + 600_000 }), NOW_MS);
        const older = eventOf('older', { arrivedAtMs: NOW_MS - 5, dueAtMs: NOW_MS + 995 });
        await putOne(events, older, NOW_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({ step: 9, dueAtMs: NOW_MS + 600_000 });
        await putOne(
          events,
          eventOf('newer', { arrivedAtMs: NOW_MS + 5, dueAtMs: NOW_MS + 1_005 }),
          NOW_MS + 5,
        );
        expect(await events.find(ACCOUNT)).toMatchObject({ step: 1, dueAtMs: NOW_MS + 1_005 });
      });

      it('keeps one of many that come at once, the newest', async () => {
        await Promise.all(
          Array.from({ length: 40 }, (_, n) =>
            putOne(events, eventOf(`n${n}`, { arrivedAtMs: NOW_MS + n }), NOW_MS),
          ),
        );
        expect(await idsDueAt(NOW_MS + 60_000)).toEqual(['n39']);
        expect(await events.counts()).toMatchObject({ waiting: 1 });
      });

      it('leaves a lease alone that runs, and says whose it is', async () => {
        await putOne(events, newHint(), NOW_MS);
        const claimed = await claimOne();
        const lease = { id: 'another', untilMs: NOW_MS + LEASE_MS };
        expect(await putOne(events, eventOf('newer', { lease }), NOW_MS + 2)).toMatchObject({
          leaseId: claimed.lease.id,
        });
        expect(await claimAll(NOW_MS + 10_000)).toEqual([]);
      });

      it('goes by what is known of its generation: since when it waits, and that its lease is for attempts under way', async () => {
        const lease = (id: string, atMs: number) => ({ id, untilMs: NOW_MS + atMs + LEASE_MS });
        const put = (id: string, atMs: number, known?: NewHint['known']) => {
          const fields = { arrivedAtMs: NOW_MS + atMs, lease: lease(id, atMs), known };
          return putOne(events, eventOf(id, fields), NOW_MS + atMs);
        };
        const found = async () => {
          const hint = await events.find(ACCOUNT);
          return [hint?.waitingSinceMs, hint?.lease];
        };
        const first = await put('first', 0);
        const known = { waitingSinceMs: NOW_MS + 900, leaseId: 'first' };
        const second = await put('second', 1_000, { ...known, generation: first.generation });
        expect(await found()).toEqual([NOW_MS + 900, lease('first', 1_000)]);
        await put('third', 2_000, { ...known, waitingSinceMs: NOW_MS, generation: second.generation });
        expect(await found()).toEqual([NOW_MS + 900, lease('first', 2_000)]);
        const old = { waitingSinceMs: NOW_MS + 2_900, leaseId: 'first', generation: second.generation };
        await put('fourth', 3_000, old);
        expect(await found()).toEqual([NOW_MS + 900, lease('first', 2_000)]);
      });

      it('takes the lease of the attempt that is still under way', async () => {
        const lease = { id: 'inline', untilMs: NOW_MS + LEASE_MS };
        const kept = await putOne(events, newHint('wkAccount-1', { lease }), NOW_MS);
        expect(kept.leaseId).toBe('inline');
        expect(await claimAll(NOW_MS + LEASE_MS - 1)).toEqual([]);
        await settle(
          events,
          { ...ACCOUNT, generation: kept.generation, lease: { id: 'inline' } },
          NOW_MS + 4_000,
        );
        expect(await events.find(ACCOUNT)).toBeNull();
      });

      it('revives a dead hint', async () => {
        await putOne(events, newHint(), NOW_MS);
        await bury(events, await claimOne(), FAILURE, NOW_MS);
        await putOne(events, eventOf('newer'), NOW_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({
          state: 'waiting',
          step: 1,
          dueAtMs: NOW_MS + 1_000,
        });
        expect(await events.counts()).toMatchObject({ waiting: 1, dead: 0 });
      });

      it('keeps accounts of the same name apart by corp', async () => {
        await putOne(events, newHint(), NOW_MS);
        await putOne(events, newHint('x', { event: kfEvent({ corpId: 'wwOther' }), dueAtMs: null }), NOW_MS);
        expect(await events.counts()).toMatchObject({ waiting: 1, parked: 1 });
      });
    });

    describe('claimDue', () => {
      it('leases what is due, oldest due first, up to the limit', async () => {
        await putOne(events, newHint('wkLater', { dueAtMs: NOW_MS + 2_000 }), NOW_MS);
        await putOne(events, newHint('wk2', { dueAtMs: NOW_MS + 1 }), NOW_MS);
        await putOne(events, newHint('wk1', { dueAtMs: NOW_MS }), NOW_MS);
        await putOne(events, newHint('wk3', { dueAtMs: NOW_MS + 2 }), NOW_MS);
        const first = await claimAll(NOW_MS + 1_000, 2);
        expect(first.map(({ openKfId }) => openKfId)).toEqual(['wk1', 'wk2']);
        expect(first.map(({ lease }) => lease.untilMs)).toEqual([NOW_MS + 16_000, NOW_MS + 16_000]);
        expect((await claimAll(NOW_MS + 1_000)).map(({ openKfId }) => openKfId)).toEqual(['wk3']);
        expect(await claimAll(NOW_MS + 1_000)).toEqual([]);
      });

      it('gives each hint to one of many that claim at once', async () => {
        await Promise.all(Array.from({ length: 50 }, (_, n) => putOne(events, newHint(`wk${n}`), NOW_MS)));
        const claims = await Promise.all(Array.from({ length: 20 }, () => claimAll(NOW_MS + 1_000, 10)));
        const keys = claims.flat().map(accountKey);
        expect(new Set(keys).size).toBe(keys.length);
        const rest = await claimAll();
        expect(keys.length + rest.length).toBe(50);
      });

      it('leaves out the endpoints it is told to', async () => {
        await putOne(events, newHint('wk1', { endpoint: 'http://dead', dueAtMs: NOW_MS }), NOW_MS);
        await putOne(events, newHint('wk2'), NOW_MS);
        const claimed = await claimAll(NOW_MS + 1_000, 1, new Set(['http://dead', 'http://gone']));
        expect(claimed.map(({ openKfId }) => openKfId)).toEqual(['wk2']);
      });

      it('gives a hint again whose lease has lapsed', async () => {
        await putOne(events, newHint(), NOW_MS);
        await claimOne(NOW_MS + 1_000);
        expect(await claimAll(NOW_MS + 1_000 + LEASE_MS - 1)).toEqual([]);
        expect(await claimAll(NOW_MS + 1_000 + LEASE_MS)).toHaveLength(1);
      });

      it('gives what was leased when the process died, after 15 s at the latest', async () => {
        await putOne(events, newHint(), NOW_MS);
        await claimOne(NOW_MS + 1_000);
        await reopen();
        expect(await claimAll(NOW_MS + 1_000 + LEASE_MS)).toHaveLength(1);
      });
    });

    describe('a claim', () => {
      const takeOf = async (hint: Promise<ClaimedHint | null>) => (await hint)?.isTakenOver;
      const due = async (nowMs: number) => claimOne(nowMs);
      const oldest = (nowMs: number) => events.lines.claimOldest(ENDPOINT, nowMs, LEASE_MS);
      const own = (nowMs: number) => claimOf(events, ACCOUNT, ENDPOINT, nowMs, LEASE_MS);

      it.each([
        ['claimDue', due],
        ['claimOldest', oldest],
        ['claimOf', own],
      ])('tells by %s whether it takes over what another left', async (_name, claim) => {
        await putOne(events, newHint(), NOW_MS);
        const lapsedAtMs = NOW_MS + 1_000 + LEASE_MS;
        expect(await takeOf(claim(NOW_MS + 1_000))).toBe(false);
        const again = await claim(lapsedAtMs);
        if (again === null) throw new Error('it was not claimed again');
        expect(again.isTakenOver).toBe(true);
        await release(events, again, lapsedAtMs, lapsedAtMs);
        expect(await takeOf(claim(lapsedAtMs))).toBe(false);
      });

      it('takes over a lease that runs only at a registration', async () => {
        await putOne(events, newHint(), NOW_MS);
        await claimOne();
        expect(await oldest(NOW_MS + 2_000)).toBeNull();
        expect(await takeOf(own(NOW_MS + 2_000))).toBe(true);
      });
    });

    describe('claimOldest', () => {
      it('leases what came in first for the endpoint, whatever its due time', async () => {
        await putOne(events, newHint('wkNew', { dueAtMs: NOW_MS }), NOW_MS);
        await putOne(
          events,
          newHint('wkOld', { arrivedAtMs: NOW_MS - 1, dueAtMs: NOW_MS + 999_999 }),
          NOW_MS,
        );
        await putOne(events, newHint('wkElse', { arrivedAtMs: NOW_MS - 2, endpoint: 'http://else' }), NOW_MS);
        const probes = [];
        for (let n = 0; n < 3; n++) probes.push(await events.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS));
        expect(probes.map((hint) => hint?.openKfId)).toEqual(['wkOld', 'wkNew', undefined]);
        expect(await claimAll(NOW_MS + 1_000)).toHaveLength(1);
      });

      it('gives accounts their turns, whatever comes in for them meanwhile', async () => {
        const accounts = ['wk1', 'wk2', 'wk3'];
        for (const [n, openKfId] of accounts.entries())
          await putOne(events, newHint(openKfId, { arrivedAtMs: NOW_MS + n }), NOW_MS);
        const claimed: string[] = [];
        for (let n = 0; n < 7; n++) {
          const nowMs = NOW_MS + 1_000 * n;
          const hint = await events.lines.claimOldest(ENDPOINT, nowMs, LEASE_MS);
          if (hint === null) throw new Error('nothing is free');
          claimed.push(hint.openKfId);
          const isLast = n === 6;
          if (n % 2 === 0 || isLast) await reschedule(events, hint, retry(), nowMs);
          else await release(events, hint, nowMs, nowMs);
          if (!isLast) await putOne(events, newHint(hint.openKfId, { arrivedAtMs: NOW_MS - n }), nowMs);
        }
        expect(claimed).toEqual([...accounts, ...accounts, 'wk1']);
        // One that never had a turn goes first.
        await putOne(events, newHint('wkNew', { arrivedAtMs: NOW_MS + 99_000 }), NOW_MS);
        const laterMs = NOW_MS + 10_000;
        expect(await events.lines.claimOldest(ENDPOINT, laterMs, LEASE_MS)).toMatchObject({
          openKfId: 'wkNew',
        });
        expect(await events.lines.claimOldest(ENDPOINT, laterMs, LEASE_MS)).toMatchObject({
          openKfId: 'wk2',
        });
      });

      it('leases one of the hints that alone may be leased', async () => {
        for (const openKfId of ['wkOther', 'wk1', 'wk2'])
          await putOne(events, newHint(openKfId, { arrivedAtMs: openKfId === 'wk1' ? 1 : NOW_MS }), NOW_MS);
        const keys = new Set([accountKey(newHint('wk2').event), accountKey(newHint('wkGone').event)]);
        const claim = () => events.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS, keys);
        expect(await claim()).toMatchObject({ openKfId: 'wk2' });
        expect(await claim()).toBeNull();
      });

      it('finds nothing parked or dead', async () => {
        await putOne(events, newHint(), NOW_MS);
        await bury(events, await claimOne(), FAILURE, NOW_MS);
        await putOne(events, newHint('wkParked', { dueAtMs: null, endpoint: null }), NOW_MS);
        expect(await events.lines.claimOldest(ENDPOINT, NOW_MS, LEASE_MS)).toBeNull();
      });
    });

    describe('claimOf', () => {
      it.each([
        ['waiting', async () => {}],
        ['dead', async () => bury(events, await claimOne(), FAILURE, NOW_MS)],
        ['leased by another', async () => void (await claimOne())],
      ])('leases a hint that is %s', async (_state, before) => {
        await putOne(events, newHint(), NOW_MS);
        await before();
        const hint = await claimOf(events, ACCOUNT, 'http://moved', NOW_MS + 1_000, LEASE_MS);
        expect(hint).toMatchObject({ state: 'waiting', endpoint: 'http://moved', openKfId: 'wkAccount-1' });
        expect(await claimAll(NOW_MS + 2_000)).toEqual([]);
        if (hint !== null) await settle(events, hint, NOW_MS + 2_000);
        expect(await events.find(ACCOUNT)).toBeNull();
      });

      it('leases a parked one, which then no longer counts as unregistered', async () => {
        await putOne(events, newHint('wkAccount-1', { dueAtMs: null, endpoint: null }), NOW_MS);
        expect(await claimOf(events, ACCOUNT, ENDPOINT, NOW_MS, LEASE_MS)).toMatchObject({
          event: { raw: RAW },
        });
        expect(await events.counts()).toMatchObject({ waiting: 1, parked: 0 });
      });

      it('takes the lease away from who had it', async () => {
        await putOne(events, newHint(), NOW_MS);
        const before = await claimOne();
        await claimOf(events, ACCOUNT, ENDPOINT, NOW_MS + 1_000, LEASE_MS);
        expect(await events.lines.renew(before, NOW_MS + 1_000, LEASE_MS)).toBe(false);
        await settle(events, before, NOW_MS + 1_000);
        expect(await events.find(ACCOUNT)).not.toBeNull();
      });

      it('gives null where nothing waits', async () => {
        expect(await claimOf(events, ACCOUNT, ENDPOINT, NOW_MS, LEASE_MS)).toBeNull();
      });
    });

    describe('a lease', () => {
      it('is renewed while it is ours', async () => {
        await putOne(events, newHint(), NOW_MS);
        const hint = await claimOne(NOW_MS + 1_000);
        expect(await events.lines.renew(hint, NOW_MS + 10_000, LEASE_MS)).toBe(true);
        expect(await claimAll(NOW_MS + 24_999)).toEqual([]);
        expect(await claimAll(NOW_MS + 25_000)).toHaveLength(1);
        expect(await events.lines.renew(hint, NOW_MS + 25_000, LEASE_MS)).toBe(false);
      });

      it('runs again after it has lapsed, where nobody took it over', async () => {
        await putOne(events, newHint(), NOW_MS);
        const hint = await claimOne(NOW_MS + 1_000);
        expect(await events.lines.renew(hint, NOW_MS + 1_000 + LEASE_MS, LEASE_MS)).toBe(true);
        expect(await claimAll(NOW_MS + 1_000 + LEASE_MS)).toEqual([]);
      });

      it('is not claimed again by the process that is at work on it, as when the clock steps', async () => {
        await putOne(events, newHint(), NOW_MS);
        const hint = await claimOne(NOW_MS + 1_000);
        const over = events.lines.workOn(hint);
        const laterMs = NOW_MS + 1_000 + LEASE_MS;
        expect(await claimAll(laterMs)).toEqual([]);
        expect(await events.lines.claimOldest(ENDPOINT, laterMs + LEASE_MS, LEASE_MS)).toBeNull();
        over();
        expect(await claimAll(laterMs + LEASE_MS)).toEqual([]);
        expect(await claimAll(laterMs + 2 * LEASE_MS)).toHaveLength(1);
      });

      it.each([
        ['settle', (held: HeldHint, nowMs: number) => settle(events, held, nowMs)],
        ['reschedule', (held: HeldHint, nowMs: number) => reschedule(events, held, retry(), nowMs)],
        ['release', (held: HeldHint, nowMs: number) => release(events, held, nowMs, nowMs)],
        ['bury', (held: HeldHint, nowMs: number) => bury(events, held, FAILURE, nowMs)],
      ])('that was taken over is of no use to %s', async (_what, end) => {
        await putOne(events, newHint(), NOW_MS);
        const lapsed = await claimOne(NOW_MS + 1_000);
        const [second] = await claimAll(NOW_MS + 1_000 + LEASE_MS);
        expect(second?.generation).toBe(lapsed.generation);
        await end(lapsed, NOW_MS + 1_001 + LEASE_MS);
        await end({ ...lapsed, lease: null }, NOW_MS + 1_001 + LEASE_MS);
        expect(await events.find(ACCOUNT)).toMatchObject({ state: 'waiting', step: 1, lease: second?.lease });
      });

      it.each([
        ['settle', (held: HeldHint, nowMs: number) => settle(events, held, nowMs), null],
        [
          'reschedule',
          (held: HeldHint, nowMs: number) => reschedule(events, held, retry(), nowMs),
          { lease: null, attempts: retry().attempts },
        ],
        ['bury', (held: HeldHint, nowMs: number) => bury(events, held, FAILURE, nowMs), { state: 'dead' }],
      ] as const)(
        'that has lapsed is good for %s where nobody took it over, as after a pause',
        async (_what, end, left) => {
          await putOne(events, newHint(), NOW_MS);
          const held = await claimOne(NOW_MS + 1_000);
          await end(held, NOW_MS + 1_000 + LEASE_MS);
          const found = await events.find(ACCOUNT);
          if (left === null) expect(found).toBeNull();
          else expect(found).toMatchObject(left);
        },
      );
    });

    describe('settle', () => {
      it('removes what was taken, for good', async () => {
        await putOne(events, newHint(), NOW_MS);
        await settle(events, await claimOne(), NOW_MS + 1_000);
        await reopen();
        expect(await events.find(ACCOUNT)).toBeNull();
        expect(await events.counts()).toMatchObject({ waiting: 0, oldestWaitingAtMs: null });
      });

      it('leaves what became newer meanwhile, due at once', async () => {
        await putOne(events, newHint(), NOW_MS);
        const held = await claimOne();
        await putOne(
          events,
          eventOf('newer', { arrivedAtMs: NOW_MS + 1, dueAtMs: NOW_MS + 99_999 }),
          NOW_MS + 1_000,
        );
        await settle(events, held, NOW_MS + 1_001);
        expect(await events.find(ACCOUNT)).toMatchObject({ waitingSinceMs: NOW_MS + 1 });
        expect(await idsDueAt(NOW_MS + 1_001)).toEqual(['newer']);
      });

      it('leaves what became newer even if the event that came later had arrived before', async () => {
        await putOne(events, eventOf('new'), NOW_MS);
        const held = await claimOne();
        await putOne(events, eventOf('older', { arrivedAtMs: NOW_MS - 1 }), NOW_MS + 1_000);
        await settle(events, held, NOW_MS + 1_001);
        expect(await idsDueAt(NOW_MS + 1_001)).toEqual(['new']);
      });

      it('removes, without a lease, the generation that is known while nobody tries it', async () => {
        const old = await putOne(events, eventOf('old'), NOW_MS);
        const kept = await putOne(events, eventOf('new'), NOW_MS);
        await settle(events, { ...ACCOUNT, generation: old.generation, lease: null }, NOW_MS);
        expect(await events.find(ACCOUNT)).not.toBeNull();
        await settle(events, { ...ACCOUNT, generation: kept.generation, lease: null }, NOW_MS);
        expect(await events.find(ACCOUNT)).toBeNull();
      });

      it('changes nothing where nothing waits any more', async () => {
        await putOne(events, newHint(), NOW_MS);
        const held = await claimOne();
        await settle(events, held, NOW_MS);
        await putOne(events, newHint(), NOW_MS);
        await settle(events, held, NOW_MS);
        expect(await events.find(ACCOUNT)).not.toBeNull();
      });
    });

    describe('reschedule', () => {
      it('sets the next time and remembers the failure, over a restart too', async () => {
        await putOne(events, newHint(), NOW_MS);
        const failure = {
          atMs: NOW_MS + 1,
          stage: 'status',
          reason: 'the answer was 500',
          status: 500,
        } as const;
        await reschedule(events, await claimOne(), retry({ failure, endpoint: 'http://moved' }), NOW_MS);
        await reopen();
        expect(await events.find(ACCOUNT)).toMatchObject({
          attempts: 2,
          step: 1,
          dueAtMs: NOW_MS + 10_000,
          endpoint: 'http://moved',
          lastFailure: failure,
          lease: null,
        });
        expect(await claimAll(NOW_MS + 9_999)).toEqual([]);
        expect(await claimAll(NOW_MS + 10_000)).toHaveLength(1);
      });

      it('gives what became newer meanwhile its own next time', async () => {
        await putOne(events, newHint(), NOW_MS);
        const held = await claimOne();
        await putOne(events, eventOf('newer'), NOW_MS + 1_000);
        await reschedule(
          events,
          held,
          retry({
            attempts: 7,
            step: 9,
            dueAtMs: NOW_MS + 600_000,
            newer: { step: 2, dueAtMs: NOW_MS + 3_000 },
          }),
          NOW_MS + 1_001,
        );
        expect(await events.find(ACCOUNT)).toMatchObject({ attempts: 1, step: 2, dueAtMs: NOW_MS + 3_000 });
      });

      it('parks a hint without a time', async () => {
        await putOne(events, newHint(), NOW_MS);
        await reschedule(events, await claimOne(), retry({ dueAtMs: null }), NOW_MS);
        expect(await events.counts()).toMatchObject({ waiting: 0, parked: 1 });
        expect(await claimAll(NOW_MS + 999_999_999)).toEqual([]);
      });
    });

    describe('release', () => {
      it('gives it back for a later time and counts no try', async () => {
        await putOne(events, newHint(), NOW_MS);
        await release(events, await claimOne(), NOW_MS + 5_000, NOW_MS + 1_000);
        expect(await claimAll(NOW_MS + 4_999)).toEqual([]);
        expect(await claimOne(NOW_MS + 5_000)).toMatchObject({ attempts: 1, step: 1 });
      });
    });

    describe('bury', () => {
      it('makes a dead letter that is claimed no more and stays', async () => {
        await putOne(events, newHint(), NOW_MS);
        const failure = { atMs: NOW_MS, stage: 'expired', reason: 'too old' } as const;
        await bury(events, await claimOne(), failure, NOW_MS);
        await reopen();
        expect(await claimAll(NOW_MS + 999_999_999)).toEqual([]);
        expect(await events.find(ACCOUNT)).toMatchObject({
          state: 'dead',
          dueAtMs: null,
          lastFailure: failure,
        });
        expect(await events.counts()).toMatchObject({ waiting: 0, dead: 1 });
      });

      it('leaves what became newer meanwhile', async () => {
        await putOne(events, newHint(), NOW_MS);
        const held = await claimOne();
        await putOne(events, eventOf('newer', { arrivedAtMs: NOW_MS + 1 }), NOW_MS + 1_000);
        await bury(events, held, FAILURE, NOW_MS + 1_001);
        expect(await idsDueAt(NOW_MS + 1_001)).toEqual(['newer']);
      });
    });

    describe('wake', () => {
      it.each([
        ['waits for later', async () => {}],
        ['is dead', async () => bury(events, await claimOne(NOW_MS + 60_000), FAILURE, NOW_MS + 60_000)],
      ])('makes a hint due that %s', async (_what, before) => {
        await putOne(events, newHint('wkAccount-1', { dueAtMs: NOW_MS + 60_000 }), NOW_MS);
        await before();
        await wake(events, ACCOUNT, ENDPOINT, NOW_MS + 5);
        expect(await claimAll(NOW_MS + 5)).toHaveLength(1);
      });

      it('makes a parked hint due, over a restart too', async () => {
        await putOne(events, newHint('wkAccount-1', { dueAtMs: null, endpoint: null }), NOW_MS);
        await wake(events, ACCOUNT, ENDPOINT, NOW_MS + 5);
        await reopen();
        expect(await claimOne(NOW_MS + 5)).toMatchObject({ endpoint: ENDPOINT });
      });

      it('leaves a lease that runs, and does nothing where nothing waits', async () => {
        await wake(events, ACCOUNT, ENDPOINT, NOW_MS);
        await putOne(events, newHint(), NOW_MS);
        await claimOne();
        await wake(events, ACCOUNT, ENDPOINT, NOW_MS + 1_000);
        expect(await claimAll(NOW_MS + 1_000)).toEqual([]);
      });
    });

    it('wakes all waiting hints of an endpoint, and no other', async () => {
      await putOne(events, newHint('wk1', { dueAtMs: NOW_MS + 60_000 }), NOW_MS);
      await putOne(events, newHint('wk2', { dueAtMs: NOW_MS + 90_000 }), NOW_MS);
      await putOne(events, newHint('wkElse', { dueAtMs: NOW_MS + 60_000, endpoint: 'http://else' }), NOW_MS);
      await putOne(events, newHint('wkDead', { dueAtMs: NOW_MS }), NOW_MS);
      await bury(events, await claimOne(NOW_MS), FAILURE, NOW_MS);
      await events.lines.wakeEndpoint(ENDPOINT, NOW_MS + 5);
      const woken = (await claimAll(NOW_MS + 5)).map(({ openKfId }) => openKfId);
      expect(woken.sort()).toEqual(['wk1', 'wk2']);
    });

    it('lists the endpoints of what waits', async () => {
      await putOne(events, newHint('wk1'), NOW_MS);
      await putOne(events, newHint('wk2'), NOW_MS);
      await putOne(events, newHint('wk3', { endpoint: 'http://else', dueAtMs: NOW_MS }), NOW_MS);
      await putOne(events, newHint('wk4', { endpoint: null, dueAtMs: null }), NOW_MS);
      expect([...(await events.lines.listEndpoints())].sort()).toEqual(['http://else', ENDPOINT]);
      await settle(events, await claimOne(NOW_MS), NOW_MS);
      expect(await events.lines.listEndpoints()).toEqual([ENDPOINT]);
    });

    it('lists by state, page by page', async () => {
      for (const n of [3, 1, 2])
        await putOne(events, newHint(`wk${n}`, { dueAtMs: null, endpoint: null }), NOW_MS);
      await putOne(events, newHint('wkWaiting'), NOW_MS);
      const first = await events.list(of('parked'), null, 2);
      expect(first.hints.map(({ openKfId }) => openKfId)).toEqual(['wk1', 'wk2']);
      const second = await events.list(of('parked'), first.cursor, 2);
      expect(second.hints.map(({ openKfId }) => openKfId)).toEqual(['wk3']);
      expect(second.cursor).toBeNull();
      expect((await events.list(of('waiting'), null, 9)).hints).toHaveLength(1);
      expect(await events.list(of('dead'), null, 9)).toEqual({ hints: [], cursor: null });
    });

    it('lists several states and one corp alone, in the order of corp and account', async () => {
      const corps = ['wwCorp', 'wwCorp-1', 'wwCorp_1', 'wwCorp0'];
      for (const corpId of corps) {
        const event = (openKfId: string) => ({ event: kfEvent({ corpId, openKfId }) });
        await putOne(events, newHint('', { ...event('wk2'), dueAtMs: null, endpoint: null }), NOW_MS);
        await putOne(events, newHint('', { ...event('wk1'), dueAtMs: NOW_MS }), NOW_MS);
        await putOne(events, newHint('', event('wk3')), NOW_MS);
      }
      for (const hint of await claimAll(NOW_MS)) await bury(events, hint, FAILURE, NOW_MS);
      const all: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page = await events.list(of('waiting', 'parked', 'dead'), cursor, 5);
        all.push(...page.hints.map(accountKey));
        if (page.cursor === null) break;
        cursor = page.cursor;
      }
      const keys = corps.flatMap((corpId) => ['wk1', 'wk2', 'wk3'].map((id) => `${corpId}/${id}`));
      expect(all).toEqual(keys.sort());
      for (const corpId of corps) {
        const first = await events.list({ states: ['parked', 'waiting'], corpId }, null, 1);
        expect(first.hints.map(accountKey)).toEqual([`${corpId}/wk2`]);
        const rest = await events.list({ states: ['parked', 'waiting'], corpId }, first.cursor, 9);
        expect([...rest.hints.map(accountKey), rest.cursor]).toEqual([`${corpId}/wk3`, null]);
      }
      expect(await events.list({ states: ['dead'], corpId: 'wwCor' }, null, 9)).toEqual({
        hints: [],
        cursor: null,
      });
    });

    it('lists those first that wait longest, whatever newer events came in, page by page', async () => {
      for (const [n, openKfId] of ['wk2', 'wk3', 'wk1'].entries())
        await putOne(events, newHint(openKfId, { arrivedAtMs: NOW_MS + n }), NOW_MS);
      await putOne(
        events,
        newHint('wk2', { event: kfEvent({ openKfId: 'wk2', id: 'newer' }), arrivedAtMs: NOW_MS + 9 }),
        NOW_MS,
      );
      await putOne(events, newHint('wk4', { arrivedAtMs: NOW_MS + 2 }), NOW_MS);
      const listed: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page = await events.list(of('waiting', 'dead'), cursor, 3, 'waitingSince');
        listed.push(...page.hints.map(({ openKfId }) => openKfId));
        if (page.cursor === null) break;
        cursor = page.cursor;
      }
      expect(listed).toEqual(['wk2', 'wk3', 'wk1', 'wk4']);
      expect((await events.list(of('dead'), null, 9, 'waitingSince')).hints).toEqual([]);
    });

    it('lists those alone that failed in one way, arrived in some time, or are of an account', async () => {
      const failing = (stage: Failure['stage']) => ({ failure: { ...FAILURE, stage } });
      await putOne(events, newHint('wk1', { arrivedAtMs: NOW_MS, ...failing('connect') }), NOW_MS);
      await putOne(events, newHint('wk2', { arrivedAtMs: NOW_MS + 5, ...failing('timeout') }), NOW_MS);
      await putOne(events, newHint('wk3', { arrivedAtMs: NOW_MS + 9, ...failing('connect') }), NOW_MS);
      const idsOf = async (filter: Partial<LineFilter>, order: LineOrder) => {
        const { hints } = await events.list({ ...of('waiting'), ...filter }, null, 9, order);
        return hints.map(({ openKfId }) => openKfId);
      };
      for (const order of LINE_ORDERS) {
        expect(await idsOf({ stage: 'connect' }, order)).toEqual(['wk1', 'wk3']);
        expect(await idsOf({ openKfId: 'wk2' }, order)).toEqual(['wk2']);
        expect(await idsOf({ corpId: 'wwOther', openKfId: 'wk2' }, order)).toEqual([]);
        expect(await idsOf({ stage: 'connect', arrivedFromMs: NOW_MS + 1 }, order)).toEqual(['wk3']);
        expect(await idsOf({ arrivedFromMs: NOW_MS, arrivedBeforeMs: NOW_MS + 9 }, order)).toEqual([
          'wk1',
          'wk2',
        ]);
      }
    });

    it('gives of many at once all but their events', async () => {
      await putOne(events, newHint('wk1'), NOW_MS);
      await putOne(events, newHint('wk2', { dueAtMs: null, endpoint: null }), NOW_MS);
      const accounts = ['wk1', 'wk2', 'wkNone'].map((openKfId) => ({ ...ACCOUNT, openKfId }));
      const keys = accounts.map(accountKey);
      const heads = await findHeads(events, accounts);
      expect([...heads.keys()].sort()).toEqual(keys.slice(0, 2));
      const {
        event: _event,
        keysId: _keysId,
        held: _held,
        later: _later,
        ...head
      } = (await events.find({ ...ACCOUNT, openKfId: 'wk1' })) ?? {};
      expect(heads.get(keys[0] ?? '')).toEqual(head);
      expect(await findHeads(events, [])).toEqual(new Map());
    });

    it('finds what was kept for an account by whichever corp', async () => {
      await putOne(events, newHint(), NOW_MS);
      await putOne(events, newHint('', { event: kfEvent({ corpId: 'wwOther' }) }), NOW_MS);
      await putOne(events, newHint('wkElse'), NOW_MS);
      const found = async (openKfId: string) =>
        (await events.list({ ...of(...LINE_STATES), openKfId }, null, 9)).hints;
      expect((await found('wkAccount-1')).map(accountKey).sort()).toEqual([KEY, 'wwOther/wkAccount-1']);
      expect(await found('wkNone')).toEqual([]);
    });

    describe('events of a bot that gets each', () => {
      const each = (n: number, fields: Partial<NewHint> = {}): NewHint => {
        const raw = { ...RAW, body: Buffer.from([n, 0, 0xff, 0x80, 60].slice(0, 1 + (n % 5))) };
        const event = kfEvent({ id: `n${n}`, raw: n % 3 === 0 ? null : raw, createdAtS: n, lagMs: n });
        return newHint('', { event, keepsEach: true, arrivedAtMs: NOW_MS + n, ...fields });
      };
      const putEach = async (first: number, last: number): Promise<void> => {
        for (let n = first; n <= last; n++) await putOne(events, each(n), NOW_MS);
      };
      const found = async (): Promise<string[]> => {
        const hint = await events.find(ACCOUNT);
        return hint === null ? [] : [hint, ...hint.later].map(({ event }) => event.id);
      };
      const ids = (first: number, last: number): string[] =>
        Array.from({ length: last - first + 1 }, (_, n) => `n${first + n}`);

      it('are kept byte for byte, the newest 20 of them, also over a restart', async () => {
        await putEach(1, 23);
        await reopen();
        const hint = await events.find(ACCOUNT);
        const kept = hint === null ? [] : [hint, ...hint.later].map(({ event }) => event);
        const puts = Array.from({ length: 20 }, (_, n) => each(n + 4).event);
        expect(kept).toEqual(puts);
        expect(await events.counts()).toMatchObject({ waiting: 1 });
        const { hints } = await events.list(of('waiting'), null, 9);
        expect(hints).toEqual([expect.objectContaining({ eventId: 'n4', events: 20, attempts: 1 })]);
        expect((await findHeads(events, [ACCOUNT])).get(KEY)).toMatchObject({ eventId: 'n4', events: 20 });
      });

      it('are claimed one after the other, oldest first, whatever comes meanwhile', async () => {
        await putEach(1, 3);
        const claimed: string[] = [];
        for (let n = 4; n <= 6; n++) {
          const hint = await claimOne();
          claimed.push(hint.event.id);
          expect(await claimAll()).toEqual([]);
          await putOne(events, each(n), NOW_MS);
          await settle(events, hint, NOW_MS + 1_000);
        }
        expect(claimed).toEqual(ids(1, 3));
        await reopen();
        expect(await found()).toEqual(ids(4, 6));
      });

      it('all wait while the first is refused, and none is lost that comes meanwhile', async () => {
        await putEach(1, 2);
        const hint = await claimOne();
        await putOne(events, each(3), NOW_MS);
        await reschedule(events, hint, retry(), NOW_MS + 1_000);
        await reopen();
        expect(await found()).toEqual(ids(1, 3));
        expect(await events.find(ACCOUNT)).toMatchObject({
          dueAtMs: NOW_MS + 10_000,
          attempts: 2,
          lease: null,
        });
      });

      it('leave by their ids, also while another one is under way', async () => {
        await putEach(1, 4);
        const hint = await claimOne();
        await settleEvent(events, ACCOUNT, 'n3', NOW_MS + 1_000);
        await settleEvent(events, ACCOUNT, 'none', NOW_MS + 1_000);
        expect(await claimAll()).toEqual([]);
        await settle(events, hint, NOW_MS + 1_000);
        await reopen();
        expect(await found()).toEqual(['n2', 'n4']);
        await settleEvent(events, ACCOUNT, 'n2', NOW_MS + 1_000);
        await settleEvent(events, ACCOUNT, 'n4', NOW_MS + 1_000);
        await settleEvent(events, ACCOUNT, 'n4', NOW_MS + 1_000);
        await reopen();
        expect(await events.find(ACCOUNT)).toBeNull();
        expect(await events.counts()).toMatchObject({ waiting: 0 });
      });

      it('wait for the attempts under which they were kept', async () => {
        const under = (id: string) => ({ lease: { id, untilMs: NOW_MS + LEASE_MS } });
        await putOne(events, each(1, under('a')), NOW_MS);
        await putOne(events, each(2, under('b')), NOW_MS);
        await putOne(events, each(3, under('c')), NOW_MS);
        expect(await claimAll(NOW_MS + 2_000)).toEqual([]);
        await settleEvent(events, ACCOUNT, 'n1', NOW_MS + 2_000);
        await freeEvent(events, ACCOUNT, 'c', NOW_MS + 2_000);
        expect(await claimAll(NOW_MS + 2_000)).toEqual([]);
        expect(await events.lines.claimOldest(ENDPOINT, NOW_MS + 2_000, LEASE_MS)).toBeNull();
        await freeEvent(events, ACCOUNT, 'b', NOW_MS + 3_000);
        expect(await claimAll(NOW_MS + 2_999)).toEqual([]);
        const second = await claimOne(NOW_MS + 3_000);
        expect(second.event.id).toBe('n2');
        await settle(events, second, NOW_MS + 3_000);
        expect(await idsDueAt(NOW_MS + 3_000)).toEqual(['n3']);
      });

      it('of a process that died are sent within 15 s', async () => {
        const under = (id: string) => ({ lease: { id, untilMs: NOW_MS + LEASE_MS } });
        await putOne(events, each(1, under('a')), NOW_MS);
        await putOne(events, each(2, under('b')), NOW_MS);
        await reopen();
        for (const id of ids(1, 2)) {
          const hint = await claimOne(NOW_MS + LEASE_MS);
          expect(hint.event.id).toBe(id);
          await settle(events, hint, NOW_MS + LEASE_MS);
        }
      });

      it('are all there when many are put at once, by one and by several', async () => {
        const at = (from: number) => Array.from({ length: 5 }, (_, n) => each(from + n)) as [NewHint];
        await Promise.all([events.put(at(1), NOW_MS), events.put(at(6), NOW_MS)]);
        await Promise.all(ids(11, 20).map((_, n) => putOne(events, each(11 + n), NOW_MS)));
        expect((await found()).sort()).toEqual(ids(1, 20).sort());
      });

      it('give way to those behind them when they are given up; the last one is dead', async () => {
        await putEach(1, 2);
        expect(await bury(events, await claimOne(), FAILURE, NOW_MS + 1_000)).toBe(true);
        expect(await events.counts()).toMatchObject({ waiting: 1, dead: 0 });
        expect(await bury(events, await claimOne(), FAILURE, NOW_MS + 1_000)).toBe(true);
        expect(await events.counts()).toMatchObject({ waiting: 0, dead: 1 });
        expect(await found()).toEqual(['n2']);
      });

      it('leave the newest where the account goes to a bot that gets one hint for all', async () => {
        await putEach(1, 3);
        await keepNewest(events, await claimOne(), NOW_MS + 1_000);
        await reopen();
        expect(await found()).toEqual(['n3']);
        expect((await claimOne()).event).toEqual(each(3).event);
        await putEach(4, 5);
        await putOne(events, each(6, { keepsEach: false }), NOW_MS + 2_000);
        expect(await found()).toEqual(['n6']);
      });
    });

    describe('replay', () => {
      it.each([
        ['waits for later', async () => {}],
        ['is dead', async () => bury(events, await claimOne(), FAILURE, NOW_MS)],
      ])('has a hint that %s sent again as a new event, over a restart too', async (_what, before) => {
        const { generation } = await putOne(events, newHint(), NOW_MS);
        await before();
        expect(await replay(events, ACCOUNT, 'http://moved', NOW_MS + 5)).toMatchObject({
          generation,
          attempts: 1,
        });
        await reopen();
        const hint = await claimOne(NOW_MS + 5);
        expect(hint).toMatchObject({ attempts: 0, step: 0, endpoint: 'http://moved', arrivedAtMs: NOW_MS });
        expect(hint.event).toEqual({ ...newHint().event, id: hint.event.id });
        expect([hint.event.id, hint.generation]).not.toContain(newHint().event.id);
        expect(hint.generation).not.toBe(generation);
        expect(hint.lastFailure).toEqual(FAILURE);
      });

      it('has a parked one sent, which then no longer counts as parked', async () => {
        await putOne(events, newHint('wkAccount-1', { dueAtMs: null, endpoint: null }), NOW_MS);
        await replay(events, ACCOUNT, ENDPOINT, NOW_MS);
        expect(await events.counts()).toMatchObject({ waiting: 1, parked: 0 });
      });

      it('is ended by no attempt that was under way, whatever comes of that', async () => {
        await putOne(events, newHint(), NOW_MS);
        const before = await claimOne();
        await replay(events, ACCOUNT, ENDPOINT, NOW_MS + 1_000);
        expect(await claimAll(NOW_MS + 1_000)).toEqual([]);
        await settle(events, before, NOW_MS + 1_001);
        expect(await claimOne(NOW_MS + 1_001)).toMatchObject({ attempts: 0 });
      });

      it('does nothing where nothing waits', async () => {
        expect(await replay(events, ACCOUNT, ENDPOINT, NOW_MS)).toBeNull();
        expect(await events.find(ACCOUNT)).toBeNull();
      });
    });

    describe('drop', () => {
      it.each([
        ['waits', async () => {}],
        ['is dead', async () => void (await bury(events, await claimOne(), FAILURE, NOW_MS))],
        ['is leased', async () => void (await claimOne())],
      ])('removes what %s, for good', async (_what, before) => {
        const { generation } = await putOne(events, newHint(), NOW_MS);
        await before();
        expect(await drop(events, ACCOUNT, generation)).toBe(true);
        // Its answer may have been lost.
        expect(await drop(events, ACCOUNT, generation)).toBe(true);
        await reopen();
        expect(await events.find(ACCOUNT)).toBeNull();
        expect(await events.counts()).toMatchObject({ waiting: 0, dead: 0 });
      });

      it('leaves what became newer, and what comes of an attempt changes nothing then', async () => {
        const old = await putOne(events, newHint(), NOW_MS);
        const held = await claimOne();
        const { generation } = await putOne(events, eventOf('newer'), NOW_MS + 1_000);
        expect(await drop(events, ACCOUNT, old.generation)).toBe(false);
        expect(await drop(events, ACCOUNT, generation)).toBe(true);
        await reschedule(events, held, retry(), NOW_MS + 1_001);
        await settle(events, held, NOW_MS + 1_001);
        expect(await events.find(ACCOUNT)).toBeNull();
      });
    });

    it('tells how much waits, and since when', async () => {
      await putOne(events, newHint('wk1', { arrivedAtMs: NOW_MS - 9 }), NOW_MS);
      await putOne(events, newHint('wk2'), NOW_MS);
      await putOne(
        events,
        newHint('wk3', { dueAtMs: null, endpoint: null, arrivedAtMs: NOW_MS - 99 }),
        NOW_MS,
      );
      const failure = { ...FAILURE, stage: 'paused' } as const;
      await putOne(events, newHint('wk4', { dueAtMs: null, failure, arrivedAtMs: NOW_MS - 999 }), NOW_MS);
      expect(await events.counts()).toEqual({
        waiting: 2,
        parked: 1,
        paused: 1,
        dead: 0,
        unreadable: 0,
        oldestWaitingAtMs: NOW_MS - 9,
        oldestParkedAtMs: NOW_MS - 99,
      });
    });

    it('groups what has waited for some time, and what is dead, by what is wrong', async () => {
      const failure = { ...FAILURE, stage: 'connect' as const };
      const ages = [780_000, 20_000, 5_000];
      for (const [n, ageMs] of ages.entries())
        await putOne(events, newHint(`wk${n}`, { arrivedAtMs: NOW_MS - ageMs, failure }), NOW_MS);
      const nobody = { dueAtMs: null, endpoint: null, failure: null, arrivedAtMs: NOW_MS - 30_000 };
      await putOne(events, newHint('wkNobody', nobody), NOW_MS);
      const { generation } = await putOne(events, newHint('wkDead'), NOW_MS);
      const dead = { ...ACCOUNT, openKfId: 'wkDead', generation, lease: null };
      await bury(events, dead, { ...failure, stage: 'expired' }, NOW_MS);
      for (const [n, status] of [502, 500, 404].entries()) {
        const refused = { stage: 'status', reason: '', status, atMs: NOW_MS - Math.abs(n - 1) } as const;
        const changes = { endpoint: 'http://refuses', arrivedAtMs: NOW_MS - 60_000, failure: refused };
        await putOne(events, newHint(`wkRefused${n}`, changes), NOW_MS);
      }
      const { corpId } = kfEvent();
      const groups = await opened.store.group('event', NOW_MS - 10_000, NOW_MS + 10_000);
      expect(
        groups.toSorted((a, b) => `${a.state} ${a.stage}`.localeCompare(`${b.state} ${b.stage}`)),
      ).toEqual([
        {
          ...{ state: 'dead', corpId, endpoint: ENDPOINT, stage: 'expired', accounts: 1 },
          ...{ openKfId: 'wkDead', sinceMs: NOW_MS, answered: null },
        },
        {
          ...{ state: 'parked', corpId, endpoint: null, stage: null, accounts: 1 },
          ...{ openKfId: 'wkNobody', sinceMs: NOW_MS - 30_000, answered: null },
        },
        {
          ...{ state: 'waiting', corpId, endpoint: ENDPOINT, stage: 'connect', accounts: 2 },
          ...{ openKfId: 'wk0', sinceMs: NOW_MS - 780_000, answered: null },
        },
        {
          ...{ state: 'waiting', corpId, endpoint: 'http://refuses', stage: 'status', accounts: 3 },
          ...{ openKfId: 'wkRefused0', sinceMs: NOW_MS - 60_000 },
          answered: { status: 500, atMs: NOW_MS },
        },
      ]);
    });

    it('tells, where nobody else keeps anything, when the next is due', async () => {
      expect(await events.lines.nextClaimableAtMs(NONE)).toBeNull();
      await putOne(events, newHint('wk1', { endpoint: 'http://dead', dueAtMs: NOW_MS }), NOW_MS);
      await putOne(events, newHint('wk2'), NOW_MS);
      const next = await events.lines.nextClaimableAtMs(new Set(['http://dead']));
      expect(next).toBe(events.lines.isShared ? null : NOW_MS + 1_000);
    });

    it('keeps events for 10,000 accounts of a corp that never registered, and no more', async () => {
      // A corp of this test alone, which adapters may know as full for a while.
      const parked = (n: number | string, corpId = 'wwFull') =>
        newHint(`wk${n}`, { dueAtMs: null, endpoint: null, event: kfEvent({ openKfId: `wk${n}`, corpId }) });
      const put = (hint: NewHint) => putOne(events, hint, NOW_MS);
      const putAll = opened.putAll ?? ((hints: readonly NewHint[]) => Promise.all(hints.map(put)));
      await putAll(
        Array.from({ length: 9_999 }, (_, n) => parked(n)),
        NOW_MS,
      );
      await put(parked('TheLast'));
      await expect(put(parked('OneMore'))).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
      await put(parked(1));
      await put(parked('Other', 'wwOther'));
      await put(newHint('wkRegistered', { event: kfEvent({ openKfId: 'wkRegistered', corpId: 'wwFull' }) }));
      await claimOf(events, { corpId: 'wwFull', openKfId: 'wk1' }, ENDPOINT, NOW_MS, LEASE_MS);
      expect(await events.counts()).toMatchObject({ parked: 10_000, waiting: 2 });
    });
  });
}
