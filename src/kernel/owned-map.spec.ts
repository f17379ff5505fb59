import { expect, it } from '@jest/globals';
import { OwnedMap } from './owned-map.js';

const all = (map: OwnedMap<number>): string[] => [...map.entries()].map(([owner, key]) => `${owner}/${key}`);

it('an owner with too many keys loses the one that was set least recently, and no other owner does', () => {
  const map = new OwnedMap<number>(2, 100);
  map.set('calm', 'first', 1);
  for (const key of ['a', 'b', 'a', 'c']) map.set('busy', key, 1);
  expect(all(map)).toEqual(['calm/first', 'busy/a', 'busy/c']);
});

it('where all have too many keys, the owner with the most gives one up', () => {
  const map = new OwnedMap<number>(100, 3);
  map.set('calm', 'first', 1);
  for (const key of ['a', 'b', 'c', 'd']) map.set('busy', key, 1);
  expect(all(map)).toEqual(['calm/first', 'busy/c', 'busy/d']);
});

it('a key that is set again counts once, and what is deleted is gone', () => {
  const map = new OwnedMap<number>(2, 2);
  for (const value of [1, 2, 3]) map.set('one', 'key', value);
  map.set('two', 'key', 4);
  expect(map.withKey('key')).toEqual([
    ['one', 3],
    ['two', 4],
  ]);
  map.delete('one', 'key');
  map.delete('one', 'none');
  expect([map.get('one', 'key'), map.get('two', 'key'), all(map)]).toEqual([undefined, 4, ['two/key']]);
});
