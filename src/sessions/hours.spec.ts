import { expect, it } from '@jest/globals';
import { isOpen } from './hours.js';

/** 2026-01-05 is a Monday. */
const at = (day: number, time: string, zone = '+08:00') =>
  Date.parse(`2026-01-${String(4 + day).padStart(2, '0')}T${time}:00${zone}`);
const hours = (from: string, to: string, days = [1, 2, 3, 4, 5]) => ({
  timeZone: 'Asia/Shanghai',
  open: [{ days, from, to }],
});

it.each([
  [1, '08:59', false],
  [1, '09:00', true],
  [5, '17:59', true],
  [5, '18:00', false],
  [6, '12:00', false],
])('on day %d at %s from 9 to 18 on weekdays is %s', (day, time, open) => {
  expect(isOpen(hours('09:00', '18:00'), at(day, time))).toBe(open);
});

it.each([
  [5, '21:59', false],
  [5, '22:00', true],
  [6, '01:59', true],
  [6, '02:00', false],
  [6, '23:00', false],
  [1, '01:00', false],
])('on day %d at %s over midnight is %s', (day, time, open) => {
  expect(isOpen(hours('22:00', '02:00'), at(day, time))).toBe(open);
});

it('of Sunday go on into Monday, and all of a day has 24 hours', () => {
  expect(isOpen(hours('22:00', '02:00', [7]), at(1, '01:00'))).toBe(true);
  const all = hours('00:00', '24:00', [3]);
  expect([isOpen(all, at(3, '00:00')), isOpen(all, at(3, '23:59')), isOpen(all, at(4, '00:00'))]).toEqual([
    true,
    true,
    false,
  ]);
});

it('are of their time zone, with its summer time', () => {
  const berlin = { ...hours('09:00', '10:00'), timeZone: 'Europe/Berlin' };
  expect(isOpen(berlin, Date.parse('2026-01-05T08:30:00Z'))).toBe(true);
  expect(isOpen(berlin, Date.parse('2026-07-06T08:30:00Z'))).toBe(false);
  expect(isOpen(berlin, Date.parse('2026-07-06T07:30:00Z'))).toBe(true);
});
