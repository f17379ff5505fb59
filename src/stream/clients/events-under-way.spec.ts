import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { AttemptResult } from '../../dispatch/line/attempt.js';
import type { EventFrame } from '../frames.js';
import { EventsUnderWay } from './events-under-way.js';

const LIMIT_MS = 5_000;

let clock: ManualClock;
let offered: string[];
let withdrawn: string[];
/** Whether the client is handed frames at once. */
let isOpen: boolean;
let events: EventsUnderWay;
let ended: [string, AttemptResult][];

beforeEach(() => {
  clock = new ManualClock();
  offered = [];
  withdrawn = [];
  isOpen = true;
  ended = [];
  const offer = ({ id }: EventFrame) => {
    offered.push(id);
    return isOpen;
  };
  events = new EventsUnderWay({ offer, withdraw: ({ id }) => void withdrawn.push(id) }, clock);
});

function frame(id: string, openKfId = 'wkA'): EventFrame {
  return { type: 'event', id, attempt: 1, openKfId, corpId: 'ww1', ageMs: 0, token: 'ENC' };
}

const start = (id: string, openKfId?: string) =>
  events.start(frame(id, openKfId), LIMIT_MS, (result) => ended.push([id, result]));

it('gives an account one event after the other, and accounts theirs at once', () => {
  for (const id of ['1', '2']) start(id);
  start('3', 'wkB');
  expect(offered).toEqual(['1', '3']);
  expect(events.ack('2')).toBe(false);
  expect(events.ack('1')).toBe(true);
  expect(offered).toEqual(['1', '3', '2']);
  expect(ended).toEqual([['1', { taken: true, status: 200 }]]);
});

it('ends what is not acknowledged in time, and goes on with the next', async () => {
  for (const id of ['1', '2']) start(id);
  await clock.advance(LIMIT_MS - 1);
  expect(ended).toEqual([]);
  await clock.advance(1);
  expect(ended).toMatchObject([['1', { taken: false, stage: 'timeout', reason: 'no ack within 5 s' }]]);
  expect([events.ack('1'), offered]).toEqual([false, ['1', '2']]);
  // It has as long as the first had.
  await clock.advance(LIMIT_MS - 1);
  expect(events.ack('2')).toBe(true);
});

it('gives up what the client has not seen, and nothing else', async () => {
  const [first, second] = [start('1'), start('2')];
  expect([first.withdraw(), second.withdraw()]).toEqual([false, true]);
  expect(await second.result).toMatchObject({ stage: 'withdrawn' });
  events.ack('1');
  expect(offered).toEqual(['1']);
});

it('tells of a lost connection what the client may have seen, and takes nothing more', () => {
  for (const id of ['1', '2']) start(id);
  events.lost();
  start('3');
  expect(ended).toMatchObject([
    ['1', { taken: false, stage: 'reset' }],
    ['2', { taken: false, stage: 'connect' }],
    ['3', { taken: false, stage: 'connect' }],
  ]);
});

it('counts a client that asks later as one that has seen nothing until it was handed the event', async () => {
  isOpen = false;
  const attempt = start('1');
  expect([events.ack('1'), events.size]).toEqual([false, 0]);
  events.sent(frame('1'));
  expect(events.size).toBe(0);
  await clock.advance(LIMIT_MS);
  expect(withdrawn).toEqual(['1']);
  expect(await attempt.result).toMatchObject({
    stage: 'withdrawn',
    reason: 'the client asked for nothing within 5 s',
  });
});

it('gives a client that asks later as long to acknowledge as any other, from when it was handed the event', async () => {
  isOpen = false;
  const event = frame('1');
  events.start(event, LIMIT_MS, (result) => ended.push(['1', result]));
  await clock.advance(LIMIT_MS - 1);
  events.sent(event);
  await clock.advance(LIMIT_MS - 1);
  expect(ended).toEqual([]);
  expect(events.ack('1')).toBe(true);
  expect(ended).toEqual([['1', { taken: true, status: 200 }]]);
});

it('refuses more than wait for an account already', async () => {
  for (let n = 0; n <= 16; n++) start(String(n));
  expect(await start('one more').result).toMatchObject({ stage: 'saturated' });
});

it('passes on when to try again', () => {
  start('1');
  events.nack('1', 700);
  expect(ended).toMatchObject([['1', { taken: false, stage: 'status', retryAfterMs: 700 }]]);
});
