/** A number that a preload reads again and again in a manager that runs as a process of its own. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export class PreloadedNumber {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wxkf-preloaded-'));
  readonly #file = join(this.#folder, 'number');

  /** @param preload in this folder. @param variable where it finds the file's name. */
  constructor(
    private readonly preload: string,
    private readonly variable: string,
    value: number,
  ) {
    this.set(value);
  }

  /** For the manager. */
  get env(): Record<string, string> {
    const { href } = pathToFileURL(resolve('test/support', this.preload));
    return { [this.variable]: this.#file, NODE_OPTIONS: `--import ${href}` };
  }

  /** In one step: the manager may read it at any time. */
  set(value: number): void {
    writeFileSync(`${this.#file}.new`, String(value));
    renameSync(`${this.#file}.new`, this.#file);
  }

  discard(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
