import type { ResealCounts, ResealReport } from '../../storage/records.js';
import { Progress } from '../terminal/progress.js';

/** Counts, and reports progress. */
export class ResealProgress implements ResealReport {
  readonly #progress = new Progress();
  #lookedAt = 0;
  #changed = 0;
  #cannotOpen = 0;

  constructor(private readonly stop: AbortSignal) {}

  get counts() {
    return { lookedAt: this.#lookedAt, changed: this.#changed, cannotOpen: this.#cannotOpen };
  }

  get summary(): string {
    return `${this.#lookedAt} record(s) looked at, ${this.#changed} changed, ${this.#cannotOpen} could not be opened`;
  }

  /** Call it between two batches. @throws Interrupted */
  add({ lookedAt = 0, changed = 0 }: Partial<ResealCounts>): void {
    this.#lookedAt += lookedAt;
    this.#changed += changed;
    this.#progress.tell(() => this.summary);
    this.stop.throwIfAborted();
  }

  cannotOpen(record: string, keyId: string): void {
    this.#cannotOpen++;
    this.#progress.name(`${record}: sealed with key ${keyId}, cannot be opened`);
  }
}
