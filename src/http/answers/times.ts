import { ageMs } from '../../kernel/store-clock.js';
import { roundMs } from '../../kernel/round-ms.js';

/** Formats epoch milliseconds. */
export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The same for a time that may be unknown, or may not have come. */
export function toTime(ms: number | null): string | null {
  return ms === null ? null : toIso(ms);
}

/** The age of a store time, seconds. */
export function toAgeS(nowMs: number, sinceMs: number): number {
  return ageMs(nowMs, sinceMs) / 1_000;
}

/** Rounds to two digits after the point. */
export function toDuration(ms: number): number {
  return Math.max(0, roundMs(ms));
}
