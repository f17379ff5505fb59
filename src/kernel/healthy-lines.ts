/**
 * Thins the lines of what went well, which say little one by one: of each name the first is written and then every
 * n-th, so that a quiet system shows something too. What is news is not asked about here and always written.
 */
export class HealthyLines {
  /** How many lines a written line stands for; left out when each one is written. */
  readonly oneIn: number | undefined;
  readonly #counts = new Map<string, number>();

  /** @param n 1 for every line. */
  constructor(private readonly n: number) {
    this.oneIn = n === 1 ? undefined : n;
  }

  /** Whether the next line of that name is to be written. */
  takes(name: string): boolean {
    if (this.n === 1) return true;
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, (count + 1) % this.n);
    return count === 0;
  }
}
