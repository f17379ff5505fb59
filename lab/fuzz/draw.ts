/** The choices of one input. fast-check makes them, so that it can make the same again, and smaller ones. */
import fc from 'fast-check';

export class Draw {
  constructor(private readonly gen: fc.GeneratorValue) {}

  /** A whole number from 0 to `count - 1`; shrinks to 0. */
  below(count: number): number {
    return this.gen(numbers, count);
  }

  /** Shrinks to the first. */
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  /** Shrinks to false. */
  isOneIn(count: number): boolean {
    return this.below(count) === count - 1;
  }

  text(letters: string, length: number): string {
    return this.gen(texts, letters, length);
  }

  /** Short ones mostly, now and then as long as `max`. */
  length(max: number): number {
    return this.isOneIn(8) ? max : this.below(Math.min(max, 64) + 1);
  }

  /** @param values the same function each time, by which fast-check knows it again. */
  of<T>(values: () => fc.Arbitrary<T>): T {
    return this.gen(values);
  }
}

const numbers = (count: number) => fc.noBias(fc.nat(count - 1));
const texts = (letters: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength: length, maxLength: length });
