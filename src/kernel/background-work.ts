/** Work that runs in the background, and that a stop waits for. */
export class BackgroundWork {
  readonly #work = new Set<Promise<unknown>>();

  /** @returns the same work; handling its failure is up to the caller. */
  add<T>(work: Promise<T>): Promise<T> {
    const end = (): void => void this.#work.delete(over);
    const over: Promise<void> = work.then(end, end);
    this.#work.add(over);
    return work;
  }

  /** Resolves when all work running now has ended, well or not. */
  async whenOver(): Promise<void> {
    await Promise.all(this.#work);
  }
}
