/** The random choices of one input: the same for the same seed and index, whatever else was drawn. */
import { type Seeded, seeded } from '../test/support/seeded.js';

export class Draw {
  readonly #random: Seeded;

  constructor(seed: number, index: number) {
    this.#random = seeded(mixed(seed, index));
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return this.#random.below(count);
  }

  pick<T>(from: readonly T[]): T {
    return this.#random.pick(from);
  }

  isOneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  text(letters: string, length: number): string {
    return Array.from({ length }, () => letters[this.below(letters.length)]).join('');
  }

  /** Short ones mostly, now and then as long as `max`. */
  length(max: number): number {
    return this.isOneIn(8) ? max : this.below(Math.min(max, 64) + 1);
  }
}

/** Neighbouring indexes must have nothing in common: the last steps of MurmurHash3. */
function mixed(seed: number, index: number): number {
  let hash = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
