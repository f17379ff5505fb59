/** Finds the `limit` smallest of many items in one pass. It never keeps or sorts more than twice as many. */
export class Smallest<T> {
  readonly #kept: T[] = [];
  #bound: T | null = null;

  constructor(
    private readonly limit: number,
    private readonly compare: (a: T, b: T) => number,
  ) {}

  add(item: T): void {
    if (this.#bound !== null && this.compare(item, this.#bound) >= 0) return;
    this.#kept.push(item);
    if (this.#kept.length >= 2 * this.limit) this.#cut();
  }

  /** In order. */
  list(): readonly T[] {
    this.#cut();
    return this.#kept;
  }

  #cut(): void {
    this.#kept.sort(this.compare);
    this.#kept.length = Math.min(this.#kept.length, this.limit);
    if (this.#kept.length === this.limit) this.#bound = this.#kept.at(-1) ?? null;
  }
}
