/** Whether the process is on its way out, and how many requests it still has to answer. */
export class Lifecycle {
  #isDraining = false;
  readonly #draining = Promise.withResolvers<void>();
  readonly #cutOff = Promise.withResolvers<void>();
  #requests = 0;
  #onIdle: () => void = () => {};

  get isDraining(): boolean {
    return this.#isDraining;
  }

  beginDrain(): void {
    this.#isDraining = true;
    this.#draining.resolve();
  }

  /** Resolves when the drain begins. Streams and feeds, which would never end by themselves, end then. */
  whenDraining(): Promise<void> {
    return this.#draining.promise;
  }

  /** Ends streams and tunnels that are still open. Safe to repeat. */
  cutOff(): void {
    this.#cutOff.resolve();
  }

  /** Resolves at `cutOff`: the time of a stop is over, or no request is left. */
  whenCutOff(): Promise<void> {
    return this.#cutOff.promise;
  }

  requestBegan(): void {
    this.#requests++;
  }

  requestEnded(): void {
    this.#requests--;
    if (this.#requests === 0) this.#onIdle();
  }

  /** Resolves when no request is running. */
  async whenIdle(): Promise<void> {
    if (this.#requests === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
