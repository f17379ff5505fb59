import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './accounts.js';
import type { Manager } from './manager.js';
import type { Oracle } from './oracle.js';
import type { Run } from './run.js';

const POLL_MS = 20;
const UNREGISTERED_MS = 1_500;
/** The longest step of the schedule, 180 s, and its jitter; far behind it comes nothing but a loss. */
const LAST_DELIVERY_MS = 220_000;
/** After a registration what waits goes out at once; a lease that a killed process held lapses within 15 s. */
const LAST_DELIVERY_REGISTERED_MS = 20_000;

/**
 * Waits until every callback that was answered 200 is covered; what then is not is lost. All puppets must be
 * back. In a short run they say so by registering, as real ones do, since the schedule takes its time.
 * @param unregisteredMs how long a short run waits before that.
 * @returns how long it took.
 */
export async function drain(
  run: Run,
  oracle: Oracle,
  manager: Manager,
  accounts: readonly Account[],
  unregisteredMs = UNREGISTERED_MS,
): Promise<number> {
  const startedAtMs = performance.now();
  if (run.isShort) {
    await until(() => oracle.uncovered === 0, unregisteredMs);
    const waiting = new Set(oracle.listUncovered());
    await manager.register(accounts.filter(({ openKfId }) => waiting.has(openKfId)));
  }
  const limitMs = run.isShort ? LAST_DELIVERY_REGISTERED_MS : LAST_DELIVERY_MS;
  await until(() => oracle.uncovered === 0, limitMs);
  return performance.now() - startedAtMs;
}

/** @returns false when it did not come true within the limit. */
export async function until(isTrue: () => boolean, limitMs: number): Promise<boolean> {
  const endMs = performance.now() + limitMs;
  while (!isTrue()) {
    if (performance.now() > endMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}
