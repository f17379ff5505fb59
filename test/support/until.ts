import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again until it is so; a test that waits for ever is ended by its limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
