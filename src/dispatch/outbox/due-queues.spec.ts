import { expect, it } from '@jest/globals';
import { SEED, seeded } from '../../../test/support/seeded.js';
import { type Due, DueQueues } from './due-queues.js';

const GROUPS = ['a', 'b', 'c', 'd', ''];

it('gives what a sorted list without the other groups gives, whatever is added and deleted', () => {
  const random = seeded(SEED);
  const queues = new DueQueues();
  const model = new Map<string, { group: string; due: Due }>();
  for (let at = 0; at < 3_000; at++) {
    const key = `key-${random.below(60)}`;
    const before = model.get(key);
    if (before !== undefined) {
      queues.delete(before.group, before.due);
      model.delete(key);
    }
    if (random.below(3) > 0) {
      const added = { group: random.pick(GROUPS), due: [random.below(20), key] as const };
      queues.add(added.group, added.due);
      model.set(key, added);
    }
    if (at % 10 > 0) continue;
    const except = new Set(GROUPS.filter(() => random.below(3) === 0));
    const expected = [...model.values()]
      .filter(({ group }) => !except.has(group))
      .map(({ due }) => due)
      .sort(([aMs, aKey], [bMs, bKey]) => aMs - bMs || (aKey < bKey ? -1 : 1));
    expect({ SEED, at, due: [...queues.except(except)] }).toEqual({ SEED, at, due: expected });
  }
});

it('may be left before its end', () => {
  const queues = new DueQueues();
  for (const [group, ms] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ] as const)
    queues.add(group, [ms, `${group}${ms}`]);
  const [first, second] = queues.except(new Set());
  expect([first, second]).toEqual([
    [1, 'a1'],
    [2, 'b2'],
  ]);
});

it('deletes what is not there', () => {
  const queues = new DueQueues();
  queues.delete('a', [1, 'a1']);
  queues.add('a', [1, 'a1']);
  queues.delete('a', [2, 'a2']);
  expect([...queues.except(new Set())]).toEqual([[1, 'a1']]);
});
