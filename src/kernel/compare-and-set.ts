import { AppError } from './app-error.js';

/** Somebody else changed the record between our read and our write. */
export const CONFLICT = Symbol('conflict');

const TRIES_MAX = 100;
const AT_ONCE = 10;
const PAUSE_MAX_MS = 20;

/**
 * Reads, decides and writes, and repeats this until nobody else changed the record meanwhile. This makes a write
 * depend on the stored record even on a server without transactions or pipeline updates.
 * @throws AppError `STORE_UNAVAILABLE` after 100 conflicts; nothing was written.
 */
export async function untilNoConflict<T>(attempt: () => Promise<T | typeof CONFLICT>): Promise<T> {
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const result = await attempt();
    if (result !== CONFLICT) return result;
    // Most conflicts are two writers that met by chance. Reading again is pause enough for them.
    if (tries <= AT_ONCE) continue;
    const pauseMs = Math.random() * Math.min(2 * tries, PAUSE_MAX_MS);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new AppError('STORE_UNAVAILABLE', { internal: { conflicts: TRIES_MAX } });
}
