import { beforeEach, expect, it } from '@jest/globals';
import { Places } from './places.js';

let places: Places;
/** Who was given a place, in that order. */
let begun: string[];

beforeEach(() => {
  places = new Places();
  begun = [];
});

type Limit = Parameters<Places['take']>[1];
type Asking = Parameters<Places['take']>[2];

function begin(name: string, limit: Limit = 1, asking: Asking = {}, key = 'one'): Promise<() => void> {
  return places.take(key, limit, asking).then((leave) => {
    begun.push(name);
    return leave;
  });
}

/** Each leaves as soon as it has begun. */
async function leaveInTurn(all: Promise<() => void>[]): Promise<void> {
  await Promise.all(all.map((one) => one.then((leave) => leave())));
}

it('gives the next place to whoever has waited longest, for each key on its own', async () => {
  const all = ['a', 'b', 'c'].map((name) => begin(name));
  await begin('other', 1, {}, 'two');
  expect(begun).toEqual(['a', 'other']);
  expect([places.areTaken('one', 1), places.countOf('one')]).toEqual([true, 3]);
  await leaveInTurn(all);
  expect(begun).toEqual(['a', 'other', 'b', 'c']);
  expect([places.areTaken('one', 1), places.countOf('one')]).toEqual([false, 0]);
});

it('parties that wait take turns, however many wait of one', async () => {
  const all = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) => begin(name, 1, { party: name.charAt(0) }));
  expect([places.countOf('one', 'a'), places.countOf('one', 'c')]).toEqual([3, 1]);
  await leaveInTurn(all);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
});

it('what is urgent goes first', async () => {
  const all = [begin('a'), begin('b'), begin('c', 1, { isUrgent: true })];
  await leaveInTurn(all);
  expect(begun).toEqual(['a', 'c', 'b']);
});

it('a party that may take no more places lets others pass', async () => {
  const limit: Limit = (own) => (own < 1 ? 3 : 2);
  const all = ['a1', 'a2', 'a3', 'b1', 'c1'].map((name) => begin(name, limit, { party: name.charAt(0) }));
  await all[3];
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  await leaveInTurn(all);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
});

it('whoever no longer waits is given no place', async () => {
  const first = begin('a');
  const wait = new AbortController();
  const gone = begin('b', 1, { signal: wait.signal });
  const last = begin('c');
  wait.abort(new Error('gone'));
  await expect(gone).rejects.toThrow('gone');
  await expect(begin('d', 1, { signal: wait.signal })).rejects.toThrow('gone');
  await leaveInTurn([first, last]);
  expect(begun).toEqual(['a', 'c']);
});

it('a lower limit counts for those who wait already', async () => {
  const leaves = await Promise.all(['a', 'b'].map((name) => begin(name, 2)));
  const waiting = begin('c', 1);
  leaves[0]?.();
  await new Promise(setImmediate);
  expect(begun).toEqual(['a', 'b']);
  leaves[1]?.();
  await waiting;
  expect(begun).toEqual(['a', 'b', 'c']);
});

it('a higher limit lets in who waits already, first', async () => {
  await begin('a', 1);
  const waiting = begin('b', 1);
  await begin('c', 3);
  await waiting;
  expect(begun).toEqual(['a', 'b', 'c']);
});
