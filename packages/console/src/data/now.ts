import { signal } from '@preact/signals';
import { managerAheadMs } from './manager-time.js';

/** What "12 s ago" counts from: moves every 5 s, so that a page of them stays calm. */
const nowMs = signal(Date.now());

const EVERY_MS = 5_000;

export function startClock(): void {
  const tick = (): void => {
    if (!document.hidden) nowMs.value = Date.now();
  };
  setInterval(tick, EVERY_MS);
  document.addEventListener('visibilitychange', tick);
}

/** By the manager's time, which what it tells is of. The past is negative. */
export function secondsFromNow(at: string): number {
  return (Date.parse(at) - managerAheadMs() - Math.max(nowMs.value, Date.now() - EVERY_MS)) / 1_000;
}
