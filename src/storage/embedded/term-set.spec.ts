import { expect, it } from '@jest/globals';
import { mayHave, TermSet } from './term-set.js';

function setOf(count: number): Uint8Array {
  const set = new TermSet();
  for (let n = 0; n < count; n++) set.add(`term ${n}`);
  return set.toBytes();
}

it.each([0, 1, 20_000])('of %i terms misses none, and has few others', (count) => {
  const set = setOf(count);
  for (let n = 0; n < count; n++) expect(mayHave(set, `term ${n}`)).toBe(true);
  let others = 0;
  for (let n = 0; n < 2_000; n++) if (mayHave(set, `other ${n}`)) others++;
  expect(others).toBeLessThan(40);
});

it('takes as few bytes as its terms need', () => {
  expect(setOf(1)).toHaveLength(64);
  expect(setOf(1_000).length).toBeLessThanOrEqual(4_096);
  expect(setOf(20_000).length).toBeLessThanOrEqual(32_768);
});

it('takes over the terms of others', () => {
  const [all, some, others] = [new TermSet(), new TermSet(), new TermSet()];
  for (let n = 0; n < 200; n++) (n % 2 === 0 ? some : others).add(`term ${n}`);
  all.addAll(some);
  all.addAll(others);
  expect(all.toBytes()).toEqual(setOf(200));
});
