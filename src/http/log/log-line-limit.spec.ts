import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { LogLineLimit } from './log-line-limit.js';

let clock: ManualClock;
let lines: Record<string, unknown>[];
let limit: LogLineLimit;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  limit = new LogLineLimit(clock, log);
});

/** @returns how many of them are for `info`. */
function writtenOf(times: number, address: string): number {
  return Array.from({ length: times }, () => limit.levelFor(address)).filter((level) => level === 'info')
    .length;
}

it('lets 60 lines of an address through in a minute', async () => {
  expect(writtenOf(100, '10.0.0.1')).toBe(60);
  expect(writtenOf(1, '10.0.0.2')).toBe(1);
  await clock.advance(60_000);
  expect(writtenOf(100, '10.0.0.1')).toBe(60);
});

it('takes the addresses of one network for one', () => {
  expect(writtenOf(60, '2001:db8::1')).toBe(60);
  expect(writtenOf(1, '2001:db8::2:1')).toBe(0);
});

it('tells at once of the first that is left out, and once a minute of the others', async () => {
  writtenOf(70, '10.0.0.1');
  writtenOf(90, '10.0.0.2');
  const told = { msg: 'http.too_many_lines', level: 40, perMinute: 60 };
  expect(lines).toEqual([expect.objectContaining({ ...told, lines: 1, address: '10.0.0.1', ofAddress: 1 })]);
  await clock.advance(60_000);
  expect(lines.slice(1)).toEqual([
    expect.objectContaining({ ...told, lines: 39, address: '10.0.0.2', ofAddress: 30 }),
  ]);
  await clock.advance(180_000);
  expect(lines).toHaveLength(2);
});
