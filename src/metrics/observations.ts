/** Durations or ages of one kind, since the start, by how long they were. */
export class Observations {
  /** How many fell into each bucket; the last one has no upper bound. */
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  /** @param bounds upper ones, rising. */
  constructor(readonly bounds: readonly number[]) {
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** How many were at most as long as each of the bounds. */
  get atMost(): number[] {
    let sum = 0;
    return this.bounds.map((_, bucket) => {
      sum += this.#counts[bucket] ?? 0;
      return sum;
    });
  }

  observe(seconds: number): void {
    let bucket = 0;
    for (const bound of this.bounds) {
      if (seconds <= bound) break;
      bucket++;
    }
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#sum += seconds;
  }
}
