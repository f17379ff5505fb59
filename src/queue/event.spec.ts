/** What may happen to a hint with several events; with one it is in test/contracts/event-queue.contract.ts. */
import { describe, expect, it } from '@jest/globals';
import { kfEvent } from '../../test/support/delivery.js';
import { FAST_STEPS } from './retry-schedule.js';
import {
  afterFailure,
  afterGivenUp,
  afterLateFailure,
  afterTaken,
  afterTakenEvent,
  EVENTS_MAX,
  type Hint,
  merge,
  type NewHint,
  toHead,
  toHint,
  toLine,
  toNewest,
  toReplayed,
} from './event.js';
import type { Failure } from './failure.js';
import { MESSAGE_LIFE_MS } from './message.js';

const NOW_MS = Date.UTC(2026, 0, 2);
const LEASE_MS = 15_000;
const ENDPOINT = 'http://bot:5300';
const FAILURE: Failure = { atMs: NOW_MS, stage: 'connect', reason: 'no connection' };
const CLAIM = { id: 'claim', untilMs: NOW_MS + LEASE_MS };

function put(n: number, fields: Partial<NewHint> = {}): NewHint {
  return {
    event: kfEvent({ id: `event-${n}`, createdAtS: n }),
    keepsEach: true,
    isFirst: () => false,
    keysId: null,
    arrivedAtMs: NOW_MS + n,
    attempts: 1,
    step: 1,
    dueAtMs: NOW_MS + 1_000,
    endpoint: ENDPOINT,
    failure: FAILURE,
    lease: null,
    ...fields,
  };
}

const mergeAll = (puts: readonly NewHint[], before: Hint | null = null): Hint => {
  const hint = puts.reduce<Hint | null>((all, one) => merge(all, one, NOW_MS), before);
  if (hint === null) throw new Error('nothing was put');
  return hint;
};

/** With the events 1 to `count`. */
const hintOf = (count: number): Hint => mergeAll(Array.from({ length: count }, (_, n) => put(n + 1)));
const lease = (id: string, untilMs = NOW_MS + LEASE_MS) => ({ id, untilMs });
const numbersOf = (hint: Hint | null): number[] =>
  hint === null ? [] : [hint, ...hint.later].map(({ event }) => Number(event.id.slice('event-'.length)));

describe('events of a bot that gets each', () => {
  it('wait one behind the other, and what goes next stays that', () => {
    const before = hintOf(1);
    const after = merge({ ...before, lease: CLAIM }, put(2), NOW_MS);
    expect(numbersOf(after)).toEqual([1, 2]);
    expect(after).toMatchObject({ generation: before.generation, events: 2, lease: CLAIM, attempts: 1 });
    expect(after).toMatchObject({ arrivedAtMs: NOW_MS + 1, waitingSinceMs: NOW_MS + 1, eventId: 'event-1' });
  });

  it('wait in the order of their arrival, whenever they were put', () => {
    expect(numbersOf(mergeAll([1, 4, 3, 2].map((n) => put(n))))).toEqual([1, 2, 3, 4]);
  });

  it('are the newest 20, at the same place in the schedule and since the same time', () => {
    const full = { ...hintOf(EVENTS_MAX), step: 4, dueAtMs: NOW_MS + 60_000 };
    const after = mergeAll([put(21), put(22)], full);
    expect(numbersOf(after)).toEqual(Array.from({ length: EVENTS_MAX }, (_, n) => n + 3));
    expect(after).toMatchObject({ events: EVENTS_MAX, step: 4, dueAtMs: NOW_MS + 60_000 });
    expect(after).toMatchObject({ arrivedAtMs: NOW_MS + 3, waitingSinceMs: NOW_MS + 1, eventId: 'event-3' });
  });

  it('lose the first while it is under way, whose lease ends as ever', () => {
    const full = { ...hintOf(EVENTS_MAX), lease: CLAIM };
    const after = merge(full, put(21), NOW_MS);
    expect(after.lease).toEqual(CLAIM);
    const taken = afterTaken(after, { ...full, lease: CLAIM }, NOW_MS);
    expect(numbersOf(taken)).toEqual(numbersOf(after));
    expect(taken).toMatchObject({ lease: null, dueAtMs: NOW_MS });
  });

  it('change nothing when one comes again', () => {
    const before = hintOf(3);
    expect(merge(before, put(1), NOW_MS)).toBe(before);
    expect(merge(before, put(3), NOW_MS)).toBe(before);
  });

  it('are held by the attempt under which one comes again', () => {
    const before = hintOf(3);
    const held = lease('again');
    expect(merge(before, put(1, { lease: held }), NOW_MS)).toMatchObject({ held, lease: held });
    const after = merge(before, put(3, { lease: held }), NOW_MS);
    expect([after.lease, ...after.later.map((event) => event.held)]).toEqual([null, null, held]);
    const claimed = { ...before, lease: CLAIM };
    expect(merge(claimed, put(1, { lease: held }), NOW_MS)).toBe(claimed);
  });

  it('follow one that was kept for a bot that gets the newest', () => {
    const known = merge(null, put(1, { keepsEach: false, lease: CLAIM }), NOW_MS);
    const after = merge(known, put(2), NOW_MS);
    expect(numbersOf(after)).toEqual([1, 2]);
    expect(after).toMatchObject({ generation: known.generation, lease: CLAIM });
  });

  it('give way to the newest where the bot gets no more than that', () => {
    const before = hintOf(3);
    const after = merge(before, put(4, { keepsEach: false }), NOW_MS);
    expect(numbersOf(after)).toEqual([4]);
    expect(after.generation).not.toBe(before.generation);
    expect(after.events).toBe(1);
    expect(numbersOf(merge(before, put(2, { keepsEach: false }), NOW_MS))).toEqual([3]);
    expect(toNewest({ ...before, lease: CLAIM }, NOW_MS)).toMatchObject({ eventId: 'event-3', lease: null });
  });

  it('bring what waits back from the slow part of the schedule, and from the dead', () => {
    const slow = { ...hintOf(1), step: FAST_STEPS + 1, dueAtMs: NOW_MS + 600_000 };
    expect(merge(slow, put(2), NOW_MS)).toMatchObject({ step: 1, dueAtMs: NOW_MS + 1_000 });
    expect(merge(slow, put(1), NOW_MS)).toBe(slow);
    const dead: Hint = { ...slow, state: 'dead', dueAtMs: null };
    const after = merge(dead, put(2), NOW_MS);
    expect(after).toMatchObject({ state: 'waiting', step: 1, dueAtMs: NOW_MS + 1_000 });
    expect(numbersOf(after)).toEqual([1, 2]);
    expect(merge(dead, put(1), NOW_MS)).toMatchObject({
      state: 'waiting',
      events: 1,
      dueAtMs: NOW_MS + 1_000,
    });
  });
});

describe('an event that another replica has to try', () => {
  const elsewhere: Partial<NewHint> = {
    ...{ attempts: 0, dueAtMs: NOW_MS, failure: { atMs: NOW_MS, stage: 'elsewhere', reason: '' } },
  };
  const later = { keepsEach: false, dueAtMs: NOW_MS + 60_000 };

  it('is due at once, and tells nothing in place of how the one before it failed', () => {
    const hint = mergeAll([put(1, later), put(2, { ...elsewhere, keepsEach: false })]);
    expect(hint).toMatchObject({ dueAtMs: NOW_MS, attempts: 0, lastFailure: FAILURE });
    expect(mergeAll([put(1, elsewhere)])).toMatchObject({ dueAtMs: NOW_MS, lastFailure: elsewhere.failure });
  });

  it('waits behind one that its bot refused for a while, where the bot gets each', () => {
    const hint = mergeAll([put(1, { ...later, keepsEach: true }), put(2, elsewhere)]);
    expect([hint.dueAtMs, numbersOf(hint)]).toEqual([NOW_MS + 60_000, [1, 2]]);
  });

  it('changes nothing of a newer one', () => {
    const hint = mergeAll([put(2, later), put(1, { ...elsewhere, keepsEach: false })]);
    expect([hint.dueAtMs, numbersOf(hint)]).toEqual([later.dueAtMs, [2]]);
  });
});

describe('the next event', () => {
  it('is due at once when the one before it was taken', () => {
    const before = { ...hintOf(3), step: 7, dueAtMs: NOW_MS + 9_000, lease: CLAIM };
    const after = afterTaken(before, { ...before, lease: CLAIM }, NOW_MS);
    expect(numbersOf(after)).toEqual([2, 3]);
    expect(after).toMatchObject({ step: 0, dueAtMs: NOW_MS, lease: null, waitingSinceMs: NOW_MS + 2 });
    expect(after?.generation).toBe(before.later[0]?.generation);
  });

  it('waits for its own attempt to end', () => {
    const held = lease('late');
    const before = mergeAll([put(1), put(2, { lease: held })]);
    expect(before.lease).toBeNull();
    const after = afterTaken({ ...before, lease: CLAIM }, { ...before, lease: CLAIM }, NOW_MS);
    expect(after).toMatchObject({ eventId: 'event-2', lease: held, dueAtMs: NOW_MS });
    const lapsed = afterTaken({ ...before, lease: CLAIM }, { ...before, lease: CLAIM }, held.untilMs);
    expect(lapsed).toMatchObject({ eventId: 'event-2', lease: null });
  });

  it('waits for it also where the one before it has left while that was under way', () => {
    const held = lease('late');
    const before = { ...mergeAll([put(1), put(2, { lease: held })]), lease: CLAIM };
    const after = afterTakenEvent(before, 'event-1', NOW_MS);
    expect(after).toMatchObject({ eventId: 'event-2', lease: CLAIM });
    if (after === null) throw new Error('nothing waits');
    expect(afterTaken(after, { ...before, lease: CLAIM }, NOW_MS)).toMatchObject({ lease: held });
    const next = { ...FAILED, newer: { step: 1, dueAtMs: NOW_MS } };
    expect(afterFailure(after, { ...before, lease: CLAIM }, next)).toMatchObject({
      lease: held,
      attempts: 1,
    });
  });

  it('waits while the one before it is tried in vain', () => {
    const before = { ...hintOf(2), lease: CLAIM };
    const after = afterFailure(before, { ...before, lease: CLAIM }, FAILED);
    expect(numbersOf(after)).toEqual([1, 2]);
    expect(after).toMatchObject({ attempts: 2, step: 2, dueAtMs: NOW_MS + 3_000, lease: null });
  });

  it('is what is left when the one before it is given up; the last one is dead', () => {
    const before = { ...hintOf(2), lease: CLAIM };
    const left = afterGivenUp(before, { ...before, lease: CLAIM }, FAILURE, NOW_MS);
    expect(numbersOf(left)).toEqual([2]);
    expect(left).toMatchObject({ state: 'waiting', dueAtMs: NOW_MS, lastFailure: FAILURE });
    const dead = afterGivenUp({ ...left, lease: CLAIM }, { ...left, lease: CLAIM }, FAILURE, NOW_MS);
    expect(dead).toMatchObject({ state: 'dead', eventId: 'event-2', lease: null });
  });

  it('is dead with all others where their endpoint cannot be used', () => {
    const before = { ...hintOf(2), lease: CLAIM };
    const fault = { ...FAILURE, stage: 'endpoint' as const };
    const dead = afterGivenUp(before, { ...before, lease: CLAIM }, fault, NOW_MS + MESSAGE_LIFE_MS);
    expect(dead).toMatchObject({ state: 'dead', events: 2 });
  });
});

const FAILED = {
  endpoint: ENDPOINT,
  attempts: 2,
  step: 2,
  dueAtMs: NOW_MS + 3_000,
  failure: FAILURE,
  newer: { step: 1, dueAtMs: NOW_MS + 1_000 },
};

describe('an attempt under which an event was kept', () => {
  it('removes that event, wherever it waits, and ends no lease of another', () => {
    const before = { ...hintOf(3), lease: CLAIM };
    const after = afterTakenEvent(before, 'event-2', NOW_MS);
    expect(numbersOf(after)).toEqual([1, 3]);
    expect(after).toMatchObject({ generation: before.generation, lease: CLAIM });
    expect(afterTakenEvent(before, 'event-9', NOW_MS)).toBe(before);
    expect(afterTakenEvent(hintOf(1), 'event-1', NOW_MS)).toBeNull();
  });

  it('ends its own lease with it', () => {
    const before = mergeAll([put(1, { lease: lease('late') }), put(2)]);
    expect(before.lease?.id).toBe('late');
    expect(afterTakenEvent(before, 'event-1', NOW_MS)).toMatchObject({ eventId: 'event-2', lease: null });
  });

  it('leaves parked and dead ones as they are', () => {
    const dead: Hint = { ...hintOf(2), state: 'dead', dueAtMs: null };
    expect(afterTakenEvent(dead, 'event-1', NOW_MS)).toMatchObject({ state: 'dead', dueAtMs: null });
  });

  it('frees it when it failed, at its time or when its bot wants something again', () => {
    const before = mergeAll([put(1, { lease: lease('first') }), put(2, { lease: lease('second') })]);
    const second = afterLateFailure(before, 'second', NOW_MS);
    expect(second.later.map(({ held }) => held)).toEqual([null]);
    expect(second.lease).toEqual(before.lease);
    expect(afterLateFailure(before, 'first', NOW_MS)).toMatchObject({
      ...{ lease: null, held: null, dueAtMs: NOW_MS + 1_000 },
    });
    expect(afterLateFailure(before, 'first', NOW_MS + 9_000)).toMatchObject({ dueAtMs: NOW_MS + 9_000 });
    expect(afterLateFailure(before, 'another', NOW_MS)).toBe(before);
  });
});

it('an operator has all events sent again, each as a new one', () => {
  const before = hintOf(2);
  const after = toReplayed(before, 'http://moved', NOW_MS);
  expect(after).toMatchObject({ events: 2, attempts: 0, step: 0, dueAtMs: NOW_MS, endpoint: 'http://moved' });
  const of = (hint: Hint) => [hint, ...hint.later].flatMap(({ event, generation }) => [event.id, generation]);
  expect(new Set([...of(before), ...of(after)]).size).toBe(8);
});

describe('the line of a hint', () => {
  const raw = (text: string) => ({ msgSignature: 'a', timestamp: '1', nonce: 'n', body: Buffer.from(text) });
  const withBodies = (...texts: (string | null)[]): Hint =>
    mergeAll(
      texts.map((text, n) =>
        put(n, { event: kfEvent({ id: `event-${n}`, raw: text === null ? null : raw(text) }) }),
      ),
    );

  it.each([
    [['one', 'another', 'third']],
    [[null, 'another', null]],
    [['one', null]],
    [[null, null]],
    [['', 'another', '']],
    [['one', '']],
  ])('has all of its events, with the bodies %j', (texts) => {
    const hint = mergeAll([put(9, { lease: CLAIM })], withBodies(...texts));
    const line = toLine(hint);
    const read = { ...line, details: JSON.parse(JSON.stringify(line.details)) as object };
    expect(toHint(read)).toEqual(hint);
    expect(toHead({ ...read, body: null })).toMatchObject({ eventId: 'event-0', events: texts.length + 1 });
  });

  it('has the same body as long as it has the same events', () => {
    const line = toLine(withBodies('one', 'another'));
    const read = toHint({ ...line, body: Buffer.from(line.body ?? '') });
    if (read === null) throw new Error('it cannot be read');
    const again = toLine(read);
    expect(again.body).toEqual(line.body);
    expect(toLine({ ...read, dueAtMs: NOW_MS }).body).toBe(again.body);
    expect(toLine(mergeAll([put(9)], read)).body).toBe(again.body);
  });

  it('holds no hint where its body is of another length', () => {
    const line = toLine(withBodies('one', 'another'));
    expect(toHint({ ...line, body: null })).toBeNull();
    expect(toHint({ ...line, body: Buffer.from('ano') })).toBeNull();
    expect(toHint({ ...toLine(withBodies(null, null)), body: Buffer.from('one') })).toBeNull();
  });
});
