/**
 * Preloaded into a manager (`STEPPING_CLOCK`): SIGUSR2 sets its wall clock 20 s ahead, as NTP does, or a machine that slept. A
 * lease of 15 s has lapsed then.
 */
import { isMainThread } from 'node:worker_threads';

const STEP_MS = 20_000;
const now = Date.now;
let aheadMs = 0;
Date.now = () => now() + aheadMs;
if (isMainThread)
  process.on('SIGUSR2', () => {
    aheadMs += STEP_MS;
    process.stdout.write('{"msg":"clock.stepped"}\n');
  });
