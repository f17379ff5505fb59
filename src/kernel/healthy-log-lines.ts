/**
 * Thins the log lines about work that went well. The first line of each name is written and then every n-th, so that a quiet
 * system shows something too. Lines with news are always written, and their writers do not ask here.
 */
export class HealthyLogLines {
  /** How many lines a written line stands for; `undefined` when every line is written. */
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
