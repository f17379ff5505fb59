/** Numbers and times as the chosen language writes them. */
import { language } from './language.js';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

export function formatNumber(value: number): string {
  return value.toLocaleString(language.value);
}

/** In its largest unit: "4 min", "3 hr". */
export function formatSeconds(seconds: number): string {
  if (seconds < MINUTE_S) return unit(seconds, 'second');
  if (seconds < HOUR_S) return unit(seconds / MINUTE_S, 'minute');
  if (seconds < DAY_S) return unit(seconds / HOUR_S, 'hour');
  return unit(seconds / DAY_S, 'day');
}

/** Rounded down: one failure of thousands is no 100 %. */
export function formatShare(part: number, whole: number): string {
  const share = Math.floor((part / whole) * 1_000) / 1_000;
  return share.toLocaleString(language.value, { style: 'percent', maximumFractionDigits: 1 });
}

export function formatMs(ms: number): string {
  if (ms >= 1_000) return unit(ms / 1_000, 'second', 1);
  return unit(ms, 'millisecond', ms < 10 ? 1 : 0);
}

function unit(value: number, name: string, digits = 0): string {
  // Rounded down: nobody has waited for what is still to come.
  const shown = digits === 0 ? Math.floor(value) : value;
  const format = new Intl.NumberFormat(language.value, {
    style: 'unit',
    unit: name,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  });
  return spaced(format.format(shown));
}

/** A space between a number and Chinese, which the browser leaves out. */
function spaced(text: string): string {
  return text.replace(/(?<=\d)(?=\p{Script=Han})/u, ' ');
}

/** "5 minutes ago", "in 20 seconds". @param seconds from now; the past is negative. */
export function formatFromNow(seconds: number): string {
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: 'always', style: 'short' });
  const size = Math.abs(seconds);
  if (size < MINUTE_S) return spaced(format.format(Math.trunc(seconds), 'second'));
  if (size < HOUR_S) return spaced(format.format(Math.trunc(seconds / MINUTE_S), 'minute'));
  if (size < DAY_S) return spaced(format.format(Math.trunc(seconds / HOUR_S), 'hour'));
  return spaced(format.format(Math.trunc(seconds / DAY_S), 'day'));
}

/** A day has the hours 00 to 23: with `hour12: false`, some browsers write 24:00. */
const HOURS = { hourCycle: 'h23', hour: '2-digit', minute: '2-digit' } as const;
const SECONDS = { ...HOURS, second: '2-digit' } as const;
const DAY = { year: 'numeric', month: 'short', day: 'numeric' } as const;

/** To the second, in the browser's own time zone. */
export function formatDateTime(at: string | number): string {
  return new Date(at).toLocaleString(language.value, { ...DAY, ...SECONDS });
}

/** "14:03:21" of today, with the date of another day. */
export function formatTime(at: string): string {
  return isToday(at) ? new Date(at).toLocaleTimeString(language.value, SECONDS) : formatDateTime(at);
}

/** "14:03:21" of today, without seconds and with the day before it of another one. */
export function formatShortTime(at: string): string {
  return isToday(at) ? formatTime(at) : formatSince(at);
}

export function formatMinute(at: string | number): string {
  return new Date(at).toLocaleTimeString(language.value, HOURS);
}

/** "06:43" of today, with the day before it of another one. */
export function formatSince(at: string): string {
  if (isToday(at)) return formatMinute(at);
  return new Date(at).toLocaleString(language.value, { month: 'short', day: 'numeric', ...HOURS });
}

/** @param day 1 is Monday, 7 is Sunday. */
export function formatWeekday(day: number): string {
  const monday = Date.UTC(2026, 0, 5);
  return new Intl.DateTimeFormat(language.value, { weekday: 'short', timeZone: 'UTC' }).format(
    monday + (day - 1) * DAY_S * 1_000,
  );
}

function isToday(at: string): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}
