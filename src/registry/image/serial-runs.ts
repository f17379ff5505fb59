/**
 * Does the same work one at a time. Who asks for it while it is under way, which may have begun too early for them,
 * shares the next run with all others who do.
 */
export class SerialRuns {
  /** Never rejects. */
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(private readonly work: () => Promise<void>) {}

  /** All of it was done after the call. */
  run(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#next = null;
      const run = this.work();
      this.#last = run.catch(() => {});
      return run;
    });
    return this.#next;
  }
}
