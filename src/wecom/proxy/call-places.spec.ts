import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { CallPlaces } from './call-places.js';
import { CallerAnswer } from './caller-answer.js';

const WAIT_MS = 30_000;

let clock: ManualClock;
let places: CallPlaces;
/** Who was given a place, in that order. */
let begun: string[];

beforeEach(() => {
  clock = new ManualClock();
  places = new CallPlaces(clock);
  begun = [];
});

afterEach(() => expect(clock.pendingTimers).toBe(0));

function enter(botId: string, corpId = 'ww1', isUrgent = false) {
  const raw = Object.assign(new EventEmitter(), { destroyed: false });
  const answer = new CallerAnswer({ raw } as never);
  const placed = places.take({ corpId, botId }, answer, isUrgent);
  const outcome = placed.then(
    () => void begun.push(botId),
    (error: Error & { code?: string }) => void begun.push(`${botId} ${error.code ?? error.name}`),
  );
  const leave = (): void =>
    void placed.then(
      (done) => done(),
      () => {},
    );
  return { leave, hangUp: () => void raw.emit('close'), outcome };
}

const enterAll = (botId: string, count: number) => Array.from({ length: count }, () => enter(botId));
const turn = () => clock.advance(0);

it('gives one caller 48 places, and the last 16 to those that have fewer than 4', async () => {
  const all = [...enterAll('a', 60), ...enterAll('b', 5), ...enterAll('c', 5)];
  await turn();
  expect(begun).toEqual([...Array(48).fill('a'), ...Array(4).fill('b'), ...Array(4).fill('c')]);
  await clock.advance(WAIT_MS);
  for (const { leave } of all) leave();
});

it('gives no more than 64 places in all, whoever they are', async () => {
  const all = Array.from({ length: 40 }, (_, n) => enterAll(`bot-${n}`, 2)).flat();
  await turn();
  expect(begun).toHaveLength(64);
  await clock.advance(WAIT_MS);
  for (const { leave } of all) leave();
});

it('gives places that are free again by turns of callers', async () => {
  const first = enterAll('a', 48);
  const waiting = [...enterAll('a', 3), ...enterAll('b', 7)];
  await turn();
  begun.length = 0;
  // Of its seven, b had four places already.
  for (const { leave } of first) leave();
  await turn();
  expect(begun).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  for (const { leave } of waiting) leave();
});

it('gives a free place to a call that spends a code, before older calls of any caller', async () => {
  const first = enterAll('a', 48);
  const all = [...first, ...enterAll('b', 8), ...enterAll('a', 3), enter('a', 'ww1', true)];
  await turn();
  begun.length = 0;
  // Four of b's have places already.
  for (const { leave } of first.slice(0, 5)) leave();
  await turn();
  expect(begun).toEqual(['a']);
  await all.at(-1)?.outcome;
  await clock.advance(WAIT_MS);
  for (const { leave } of all) leave();
});

it('counts each corp by itself', async () => {
  const all = [...enterAll('a', 48), enter('a', 'ww2')];
  await turn();
  expect(begun).toHaveLength(49);
  for (const { leave } of all) leave();
});

it('lets a call wait for 30 s, or until its caller hangs up', async () => {
  const all = enterAll('a', 50);
  all[48]?.hangUp();
  await clock.advance(WAIT_MS);
  expect(begun.slice(48)).toEqual(['a CallerGone', 'a PROXY_OVERLOADED']);
  for (const { leave } of all) leave();
  // What no longer waits is given no place.
  const others = enterAll('b', 48);
  await turn();
  expect(begun.slice(50)).toEqual(Array(48).fill('b'));
  for (const { leave } of others) leave();
});

it('refuses a caller with 512 calls, and no other', () => {
  const of = (botId: string) => places.enter({ corpId: 'ww1', botId });
  const leaves = Array.from({ length: 512 }, () => of('a'));
  expect(() => of('a')).toThrow(/this corp/);
  of('b')();
  for (const leave of leaves) leave();
  of('a')();
});
