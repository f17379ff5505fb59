import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import type { EventFrame } from '../protocol/frames.js';
import { EventsUnderWay } from './events-under-way.js';

const LIMIT_MS = 5_000;

let clock: ManualClock;
let offered: string[];
/** Whether more bytes may wait. */
let hasRoom: boolean;
let events: EventsUnderWay;
let ended: [string, AttemptResult][];

beforeEach(() => {
  clock = new ManualClock();
  offered = [];
  hasRoom = true;
  ended = [];
  const offer = (one: EventFrame) => {
    offered.push(one.id);
    return hasRoom ? JSON.stringify(one).length : 0;
  };
  events = new EventsUnderWay({ offer }, clock);
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

describe('a message that its bot has to pull besides', () => {
  let hasPulled: boolean;

  beforeEach(() => {
    hasPulled = false;
    events.start(
      frame('1'),
      LIMIT_MS,
      (result) => ended.push(['1', result]),
      async () => hasPulled,
    );
  });

  it('may be at work for 60 s once it was pulled; then that counts against it', async () => {
    hasPulled = true;
    await clock.advance(59_999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toMatchObject([['1', { taken: false, stage: 'timeout', hasPulled: true }]]);
  });

  it('is acknowledged meanwhile', async () => {
    hasPulled = true;
    await clock.advance(30_000);
    expect(events.ack('1')).toBe(true);
    await clock.advance(60_000);
    expect(ended).toEqual([['1', { taken: true, status: 200 }]]);
  });

  it('ends in time where it was not pulled', async () => {
    await clock.advance(LIMIT_MS);
    expect(ended).toMatchObject([['1', { taken: false, stage: 'timeout', isOfAccount: true }]]);
    expect(ended[0]?.[1]).not.toHaveProperty('hasPulled');
  });
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

describe('a client that closes since a frame is too long for it', () => {
  const message = (id: string, openKfId: string, length: number) =>
    events.start({ ...frame(id, openKfId), message: 'x'.repeat(length) }, LIMIT_MS, (result) =>
      ended.push([id, result]),
    );

  it('has the longest message counted, and nothing else', () => {
    start('1');
    message('2', 'wkB', 300);
    message('3', 'wkC', 3_000);
    message('4', 'wkC', 9_000);
    message('5', 'wkD', 2_000);
    events.lostToLength();
    expect(ended).toMatchObject([
      ['3', { taken: false, stage: 'too_long' }],
      ['1', { stage: 'reset' }],
      ['2', { stage: 'reset' }],
      ['4', { stage: 'connect' }],
      ['5', { stage: 'reset' }],
    ]);
  });

  it('has no message counted that is shorter than one that was late', async () => {
    message('1', 'wkA', 3_000);
    await clock.advance(LIMIT_MS);
    message('2', 'wkB', 300);
    events.lostToLength();
    expect(ended).toMatchObject([
      ['1', { stage: 'timeout' }],
      ['2', { stage: 'reset' }],
    ]);
  });

  it('has no event counted, which is short', () => {
    start('1');
    events.lostToLength();
    expect(ended).toMatchObject([['1', { stage: 'reset' }]]);
  });
});

it('puts off what has no room, and goes on with what has', () => {
  hasRoom = false;
  start('1');
  hasRoom = true;
  start('2');
  expect(ended).toMatchObject([['1', { taken: false, stage: 'saturated' }]]);
  expect(events.ack('2')).toBe(true);
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
