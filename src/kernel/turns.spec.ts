import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Turns } from './turns.js';

it('lets so many go on in each turn of the event loop, in their order', async () => {
  const turns = new Turns(2);
  const went: number[] = [];
  for (let n = 0; n < 5; n++) void turns.next().then(() => went.push(n));
  const seen = [];
  for (let turn = 0; turn < 4; turn++) {
    await nextTurn();
    seen.push(went.length);
  }
  expect(seen).toEqual([2, 4, 5, 5]);
  expect(went).toEqual([0, 1, 2, 3, 4]);
  await turns.next();
});
