import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { loadConfig } from '../../config/config.js';
import { Overload } from './overload.js';

let clock: ManualClock;
let lines: Record<string, unknown>[];
let overload: Overload;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  const log = pino({ level: 'info', base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const config = loadConfig({ CALLBACKS_TRIED_MAX: '2', CALLBACKS_UNDER_WAY_MAX: '3' });
  overload = new Overload(config, clock, log);
});

afterEach(() => {
  overload.onApplicationShutdown();
  expect(clock.pendingTimers).toBe(0);
});

/** All of them are at one origin. */
const AT_ORIGIN = 1_000;

function events(count: number): void {
  for (let n = 0; n < count; n++) overload.eventBegan();
}

function attempts(count: number): void {
  for (let n = 0; n < count; n++) overload.attemptBegan();
}

describe('events beyond the attempts that may be under way', () => {
  it('are kept, and no longer than that', () => {
    attempts(1);
    expect(overload.keepsNext(AT_ORIGIN)).toBe(false);
    attempts(1);
    expect(overload.keepsNext(AT_ORIGIN)).toBe(true);
    overload.attemptEnded();
    expect(overload.keepsNext(AT_ORIGIN)).toBe(false);
    expect(overload.attemptsUnderWay).toBe(1);
  });

  it('are not kept for a puppet that is not concerned', () => {
    attempts(2);
    expect(overload.keepsNext(1)).toBe(false);
    expect(overload.keepsNext(2)).toBe(true);
  });

  it('are counted', () => {
    attempts(2);
    for (let n = 0; n < 5; n++) overload.keepsNext(AT_ORIGIN);
    expect(overload.counts).toEqual({ kept: { under_way: 5 }, refused: { under_way: 0 } });
  });
});

describe('callbacks beyond the events that may be under way', () => {
  it('are refused, and no longer than that', () => {
    events(2);
    expect(overload.refusesNext()).toBe(false);
    events(1);
    expect(overload.refusesNext()).toBe(true);
    overload.eventEnded();
    expect(overload.refusesNext()).toBe(false);
    expect(overload.eventsUnderWay).toBe(2);
  });

  it('are counted', () => {
    events(3);
    for (let n = 0; n < 5; n++) overload.refusesNext();
    expect(overload.counts).toEqual({ kept: { under_way: 0 }, refused: { under_way: 5 } });
  });
});

describe('the log', () => {
  it('has a line when it begins and one when it is over, however much came', async () => {
    events(3);
    overload.refusesNext();
    expect(lines).toEqual([
      expect.objectContaining({
        level: 40,
        msg: 'overload.began',
        action: 'refused',
        reason: 'under_way',
        events: 3,
        attempts: 0,
      }),
    ]);
    attempts(2);
    for (let second = 0; second < 20; second++) {
      for (let n = 0; n < 100; n++) overload.refusesNext();
      overload.keepsNext(AT_ORIGIN);
      await clock.advance(1_000);
    }
    expect(lines).toHaveLength(1);
    await clock.advance(10_000);
    expect(lines.slice(1)).toEqual([
      expect.objectContaining({ level: 40, msg: 'overload.ended', kept: 20, refused: 2_001 }),
    ]);
  });

  it('tells of each anew, with what came in it', async () => {
    events(3);
    for (let n = 0; n < 3; n++) {
      overload.refusesNext();
      await clock.advance(10_000);
    }
    expect(lines.map(({ msg }) => msg)).toEqual(Array(3).fill(['overload.began', 'overload.ended']).flat());
    expect(lines.filter(({ refused }) => refused === 1)).toHaveLength(3);
  });
});
