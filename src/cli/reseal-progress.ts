import type { ResealCounts, ResealReport } from '../storage/sealed/stored-secrets.js';

const EVERY_MS = 1_000;
/** Each has a line of its own; of more the number is enough. */
const NAMED_MAX = 20;

/** Counts, and says about once a second on standard error how far it is. */
export class ResealProgress implements ResealReport {
  #lookedAt = 0;
  #changed = 0;
  #cannotOpen = 0;
  #saidAtMs = performance.now();

  get hasFailures(): boolean {
    return this.#cannotOpen > 0;
  }

  get summary(): string {
    return `${this.#lookedAt} record(s) looked at, ${this.#changed} changed, ${this.#cannotOpen} could not be opened`;
  }

  add({ lookedAt = 0, changed = 0 }: Partial<ResealCounts>): void {
    this.#lookedAt += lookedAt;
    this.#changed += changed;
    if (performance.now() - this.#saidAtMs < EVERY_MS) return;
    this.#saidAtMs = performance.now();
    process.stderr.write(`${this.summary} …\n`);
  }

  cannotOpen(record: string, keyId: string): void {
    this.#cannotOpen++;
    if (this.#cannotOpen > NAMED_MAX) return;
    process.stderr.write(`${record}: sealed with key ${keyId}, cannot be opened\n`);
  }
}
