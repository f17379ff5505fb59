/**
 * Lets callers continue in the order in which they came, `perTurn` of them in each turn of the event loop. Between the turns,
 * Node handles other connections.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isPlanned = false;

  constructor(private readonly perTurn: number) {}

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#isPlanned || this.#waiting.length === 0) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      for (const goOn of this.#waiting.splice(0, this.perTurn)) goOn();
      this.#plan();
    });
  }
}
