import TestSequencer from '@jest/test-sequencer';
import { availableParallelism } from 'node:os';

/** Workers for each core: see jest.config.js. */
export const WORKERS_PER_CORE = 3;

/**
 * The longest files mostly wait, and jest begins with them all at once, while the cores have little to do. Here half of the
 * workers begin with the longest and the others with the shortest, and they meet at those in between.
 */
export default class Sequencer extends TestSequencer {
  sort(tests) {
    const known = super.sort([...tests]);
    const failed = known.filter((test) => this.hasFailed(test));
    const left = known.filter((test) => !this.hasFailed(test));
    left.sort((one, other) => secondsOf(other) - secondsOf(one));
    const freeAtS = Array(WORKERS_PER_CORE * availableParallelism()).fill(0);
    const sorted = [...failed];
    while (left.length > 0) {
      const worker = freeAtS.indexOf(Math.min(...freeAtS));
      const next = worker % 2 === 0 ? left.shift() : left.pop();
      freeAtS[worker] += secondsOf(next);
      sorted.push(next);
    }
    return sorted;
  }
}

/** Of a file that was never run here, by its size: those that start processes take a second for some 20 lines. */
function secondsOf({ path, duration, context }) {
  if (duration !== undefined) return duration / 1_000;
  const bytes = context.hasteFS.getSize(path) ?? 0;
  return bytes / (context.config.displayName?.name === 'unit' ? 20_000 : 1_000);
}
