/**
 * Random choices that can be made again. A spec takes a new `SEED` in every run and puts it into what it
 * compares, so that a failure shows which one it was.
 */
import { randomInt } from 'node:crypto';

export const SEED = randomInt(2 ** 31);

/** How often something random is tried: `count`, or TEST_ROUNDS times that, as the nightly run does. */
export function rounds(count: number): number {
  return count * Number(process.env.TEST_ROUNDS ?? 1);
}

export interface Seeded {
  /** A whole number from 0 to `count - 1`. */
  below(count: number): number;
  pick<T>(from: readonly T[]): T;
}

/** The same seed gives the same choices. */
export function seeded(seed: number): Seeded {
  let state = seed;
  const below = (count: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  return {
    below,
    pick: (from) => {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
  };
}
