/** What the demo prints: each step with its time since the start. */
import { setTimeout as delay } from 'node:timers/promises';

/** Far more than anything takes, also on a machine that is busy. */
const STEP_LIMIT_MS = 30_000;
const NAME_WIDTH = 12;
const startedAtMs = performance.timeOrigin;

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @param atMs when it happened, epoch milliseconds; whole ones for all, since two clocks would tell a later step as earlier. */
export function step(name: string, text: string, atMs = Date.now()): void {
  const seconds = ((atMs - startedAtMs) / 1_000).toFixed(3);
  say(`${seconds.padStart(8)} s  ${name.padEnd(NAME_WIDTH)}${text}`);
}

/** @throws Error when it is not done in time. */
export async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const limit = delay(STEP_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${what} took longer than ${STEP_LIMIT_MS / 1_000} s`);
  });
  return Promise.race([work, limit]);
}
