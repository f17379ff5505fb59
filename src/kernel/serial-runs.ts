/**
 * Runs the same work one at a time. A run that is under way may have begun too early for a new caller, so callers that
 * ask meanwhile share the next run.
 */
export class SerialRuns {
  /** Never rejects. */
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(private readonly work: () => Promise<void>) {}

  /** Resolves after a run that began after the call. */
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
