import type { ServiceHours } from '../registry/bots/session.dto.js';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Whether people serve at this time. A span that ends at or before its beginning ends on the next day. */
export function isOpen({ timeZone, open }: Pick<ServiceHours, 'timeZone' | 'open'>, atMs: number): boolean {
  const { day, minute } = placeInWeek(timeZone, atMs);
  const dayBefore = day === 1 ? 7 : day - 1;
  return open.some(({ days, from, to }) => {
    const [fromMinute, toMinute] = [minuteOf(from), minuteOf(to)];
    if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute;
    return (days.includes(day) && minute >= fromMinute) || (days.includes(dayBefore) && minute < toMinute);
  });
}

function placeInWeek(timeZone: string, atMs: number): { readonly day: number; readonly minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(atMs);
  const partOf = (type: Intl.DateTimeFormatPartTypes) =>
    parts.find((part) => part.type === type)?.value ?? '';
  return {
    day: DAYS.indexOf(partOf('weekday')) + 1,
    minute: minuteOf(`${partOf('hour')}:${partOf('minute')}`),
  };
}

function minuteOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
}
