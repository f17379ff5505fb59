/** Work that nobody waits for when it is begun, and that a stop lets end. */
export class Pending {
  readonly #work = new Set<Promise<unknown>>();

  /** @returns the same work; where it fails is for whoever looks at that. */
  add<T>(work: Promise<T>): Promise<T> {
    const end = (): void => void this.#work.delete(over);
    const over: Promise<void> = work.then(end, end);
    this.#work.add(over);
    return work;
  }

  /** Resolves when what is under way now has ended, well or not. */
  async whenOver(): Promise<void> {
    await Promise.all(this.#work);
  }
}
