import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { CorpTime } from './corp-time.js';

let clock: ManualClock;
let lines: Record<string, unknown>[];
let corpTime: CorpTime;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  corpTime = new CorpTime(clock, clock, log);
});

const lagMs = (corpId: string, createdAtS: number | null, isTrusted = true) =>
  corpTime.timeOf(corpId, createdAtS, isTrusted).lagMs;

it('knows no lag of the first event, of the newest and of one without CreateTime', () => {
  expect(lagMs('ww1', 100)).toBe(0);
  expect(lagMs('ww1', 130)).toBe(0);
  expect(lagMs('ww1', 130)).toBe(0);
  expect(lagMs('ww1', null)).toBe(0);
});

it('has store time confirmed by the newest event of a proven signer', () => {
  const confirmed: number[] = [];
  const storeClock = { nowMs: () => clock.nowMs(), confirm: (atMs: number) => void confirmed.push(atMs) };
  corpTime = new CorpTime(clock, storeClock, pino({ level: 'silent' }));
  lagMs('ww1', 130, false);
  lagMs('ww1', 130);
  lagMs('ww1', 100);
  lagMs('ww1', Math.round(clock.nowMs() / 1_000) + 601);
  expect(confirmed).toEqual([130_000]);
});

it('tells how far an event is behind the newest of its own corp, up to 10 minutes', () => {
  lagMs('ww1', 10_000);
  expect(lagMs('ww1', 9_990)).toBe(10_000);
  expect(lagMs('ww1', 5)).toBe(600_000);
  expect(lagMs('ww2', 5)).toBe(0);
});

it('takes no time from events whose keys nobody has proven', () => {
  lagMs('ww1', 99_999, false);
  expect(lagMs('ww1', 100)).toBe(0);
  expect(lagMs('ww1', 90, false)).toBe(10_000);
});

it('takes no time that is further than 10 minutes ahead, and says so once a minute', async () => {
  const nowS = clock.nowMs() / 1_000;
  expect(corpTime.timeOf('ww1', nowS + 600, true)).toEqual({ createdAtS: nowS + 600, lagMs: 0 });
  expect(corpTime.timeOf('ww2', nowS + 601, true)).toEqual({ createdAtS: null, lagMs: 0 });
  expect(corpTime.timeOf('ww2', 999_999_999_999, true)).toEqual({ createdAtS: null, lagMs: 0 });
  expect(lagMs('ww2', nowS)).toBe(0);
  const told = { level: 40, msg: 'callback.create_time_ahead', corpId: 'ww2', aheadS: 601 };
  expect(lines).toEqual([expect.objectContaining(told)]);
  await clock.advance(60_000);
  lagMs('ww2', nowS + 999);
  expect(lines).toHaveLength(2);
});
