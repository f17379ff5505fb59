import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again until it is so; a test that waits for ever is ended by its limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

/**
 * Asks again while the answer is 503, as whoever calls the manager does: another process may starve the database of the tests. Not
 * for tests of that answer.
 */
export async function whenServed(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await ask();
    if (response.status !== 503) return response;
    await response.body?.cancel();
    await sleep(20);
  }
}
