import { Cell, useCell } from './cell.js';
import { managerAheadMs } from './manager-time.js';

/** "12 s ago" counts from here. It moves every 5 s, so that a page of them stays calm. */
const nowMs = new Cell(Date.now());

const EVERY_MS = 5_000;

export function startClock(): void {
  const tick = (): void => {
    if (!document.hidden) nowMs.value = Date.now();
  };
  setInterval(tick, EVERY_MS);
  document.addEventListener('visibilitychange', tick);
}

/** By the manager's clock, which its times are of. The past is negative. */
export function useSecondsFromNow(at: string): number {
  return (Date.parse(at) - managerAheadMs() - useCell(nowMs)) / 1_000;
}
