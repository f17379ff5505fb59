const EVERY_MS = 1_000;
/** Each has a line of its own; of more the number is enough. */
const NAMED_MAX = 20;

/** What a command says on standard error while it works. */
export class Progress {
  #saidAtMs = performance.now();
  #named = 0;

  /** @param text how far it is; said about once a second. */
  tell(text: () => string): void {
    if (performance.now() - this.#saidAtMs < EVERY_MS) return;
    this.#saidAtMs = performance.now();
    process.stderr.write(`${text()} …\n`);
  }

  /** Something that went wrong and stops nothing else. */
  name(fault: string): void {
    this.#named++;
    if (this.#named > NAMED_MAX) return;
    process.stderr.write(`${fault}\n`);
    if (this.#named === NAMED_MAX) process.stderr.write('further ones are counted and not named\n');
  }
}
