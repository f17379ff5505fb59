const EVERY_MS = 1_000;
/** How many problems get a line each. Further ones are only counted. */
const NAMED_MAX = 20;

/** Progress of a command, on standard error. */
export class Progress {
  #saidAtMs = performance.now();
  #named = 0;

  /** @param text how far it is; printed about once a second. */
  tell(text: () => string): void {
    if (performance.now() - this.#saidAtMs < EVERY_MS) return;
    this.#saidAtMs = performance.now();
    process.stderr.write(`${text()} …\n`);
  }

  /** Reports a problem that does not stop the command. */
  name(fault: string): void {
    this.#named++;
    if (this.#named > NAMED_MAX) return;
    process.stderr.write(`${fault}\n`);
    if (this.#named === NAMED_MAX) process.stderr.write('further ones are counted and not named\n');
  }
}
