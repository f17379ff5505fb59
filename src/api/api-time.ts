/** Of epoch milliseconds. */
export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Between two times of the store, however its clocks differ. */
export function toAgeS(nowMs: number, sinceMs: number): number {
  return Math.max(0, nowMs - sinceMs) / 1_000;
}

/** With two digits after the point. */
export function toDuration(ms: number): number {
  return Math.max(0, Math.round(ms * 100) / 100);
}
