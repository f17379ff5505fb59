/**
 * A map whose keys belong to owners. Each owner has at most `perOwnerMax` keys, and all together `max`. Its key that was set least
 * recently goes first. Where all have too many, the owner with the most gives one up, so that nobody pushes out what is others'.
 */
export class OwnedMap<T> {
  readonly #owners = new Map<string, Map<string, T>>();
  #size = 0;

  constructor(
    private readonly perOwnerMax: number,
    private readonly max: number,
  ) {}

  get size(): number {
    return this.#size;
  }

  get(owner: string, key: string): T | undefined {
    return this.#owners.get(owner)?.get(key);
  }

  set(owner: string, key: string, value: T): void {
    this.delete(owner, key);
    const own = this.#owners.get(owner) ?? new Map<string, T>();
    this.#owners.set(owner, own.set(key, value));
    this.#size++;
    if (own.size > this.perOwnerMax) this.#deleteFirst(owner);
    else if (this.#size > this.max) this.#deleteFirst(this.#largestOwner());
  }

  delete(owner: string, key: string): void {
    const own = this.#owners.get(owner);
    if (own?.delete(key) !== true) return;
    this.#size--;
    if (own.size === 0) this.#owners.delete(owner);
  }

  /** Of an owner; the one that was set least recently comes first. */
  of(owner: string): Iterable<readonly [key: string, value: T]> {
    return this.#owners.get(owner) ?? [];
  }

  /** Each with its owner and key; of an owner the one that was set least recently comes first. */
  *entries(): Generator<readonly [owner: string, key: string, value: T]> {
    for (const [owner, own] of this.#owners) for (const [key, value] of own) yield [owner, key, value];
  }

  /** The owners that have the key, with what is theirs. Scans all owners. */
  withKey(key: string): readonly (readonly [owner: string, value: T])[] {
    return [...this.#owners].flatMap(([owner, own]) => {
      const value = own.get(key);
      return value === undefined ? [] : [[owner, value] as const];
    });
  }

  #deleteFirst(owner: string): void {
    const [first] = this.#owners.get(owner)?.keys() ?? [];
    if (first !== undefined) this.delete(owner, first);
  }

  #largestOwner(): string {
    let [largest, size] = ['', 0];
    for (const [owner, own] of this.#owners) if (own.size > size) [largest, size] = [owner, own.size];
    return largest;
  }
}
