/** Durations in milliseconds, few enough to be kept one by one. */
export class Durations {
  readonly #values: number[] = [];

  get count(): number {
    return this.#values.length;
  }

  get maxMs(): number {
    return this.percentile(1);
  }

  add(durationMs: number): void {
    this.#values.push(durationMs);
  }

  /** Nearest rank; 0 when nothing was added. @param share - 0.99 for p99. */
  percentile(share: number): number {
    const sorted = [...this.#values].sort((left, right) => left - right);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  }
}
