/** Time that passes for a manager, and for nobody else. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export class ShiftedTime {
  /** For the environment of the manager. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'wxkf-time-'));
  readonly #file = join(this.#folder, 'ahead-ms');
  #aheadMs = 0;

  /** @param hasElapsed whether durations pass, too, and not only the time of day. */
  constructor(hasElapsed = false) {
    const preload = pathToFileURL(resolve('test/support/shifted-time-preload.ts'));
    this.env = {
      AHEAD_MS_FILE: this.#file,
      NODE_OPTIONS: `--import ${preload.href}`,
      ...(hasElapsed && { AHEAD_ELAPSED: 'true' }),
    };
    this.goAhead(0);
  }

  /** Timers that run then run on as they were: what is due by now is seen at the next look. */
  goAhead(ms: number): void {
    this.#aheadMs += ms;
    // Whoever read a file that is being written would see no time ahead.
    writeFileSync(`${this.#file}.new`, String(this.#aheadMs));
    renameSync(`${this.#file}.new`, this.#file);
  }

  discard(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
