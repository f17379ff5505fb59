import { signal } from '@preact/signals';

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

/** The past is negative. */
export function secondsFromNow(at: string): number {
  return (Date.parse(at) - Math.max(nowMs.value, Date.now() - EVERY_MS)) / 1_000;
}
