import { expect, it } from '@jest/globals';
import { Places } from './places.js';

/** The names of those who have a place, in the order in which they got it. */
function begin(places: Places, key: string, max: number, name: string, begun: string[]): Promise<() => void> {
  return places.take(key, max).then((free) => {
    begun.push(name);
    return free;
  });
}

it('gives the next place to whoever has waited longest, for each key on its own', async () => {
  const places = new Places();
  const begun: string[] = [];
  const [first, ...waiting] = ['a', 'b', 'c'].map((name) => begin(places, 'one', 1, name, begun));
  await begin(places, 'two', 1, 'other', begun);
  expect(begun).toEqual(['a', 'other']);
  expect(places.areTaken('one', 1)).toBe(true);
  (await first)?.();
  (await waiting[0])?.();
  (await waiting[1])?.();
  expect(begun).toEqual(['a', 'other', 'b', 'c']);
  expect(places.areTaken('one', 1)).toBe(false);
});

it('a lower limit counts for those who wait already', async () => {
  const places = new Places();
  const begun: string[] = [];
  const frees = await Promise.all(['a', 'b'].map((name) => begin(places, 'one', 2, name, begun)));
  const waiting = begin(places, 'one', 1, 'c', begun);
  frees[0]?.();
  await new Promise(setImmediate);
  expect(begun).toEqual(['a', 'b']);
  frees[1]?.();
  await waiting;
  expect(begun).toEqual(['a', 'b', 'c']);
});

it('a higher limit lets in who waits already, first', async () => {
  const places = new Places();
  const begun: string[] = [];
  await begin(places, 'one', 1, 'a', begun);
  const waiting = begin(places, 'one', 1, 'b', begun);
  await begin(places, 'one', 3, 'c', begun);
  await waiting;
  expect(begun).toEqual(['a', 'b', 'c']);
});
