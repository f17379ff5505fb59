/** Less is the second of the header and the way of an answer. */
const OFF_MS = 5_000;

let aheadMs = 0;

/** @param date the header of an answer; `null` where there is none. */
export function noteManagerTime(date: string | null): void {
  const offMs = Date.parse(date ?? '') - Date.now();
  if (!Number.isNaN(offMs)) aheadMs = Math.abs(offMs) < OFF_MS ? 0 : offMs;
}

/** By how much the manager's clock is ahead of the browser's. */
export function managerAheadMs(): number {
  return aheadMs;
}
