/** Reads what the manager says, as far as it came, and keeps what it must not say. */
import { closeSync, openSync, readSync } from 'node:fs';
import { POISON, SECRET_MARK } from './input.js';
import { INSPECTOR_LINE } from './live-memory.js';

const READ_BYTES = 4 * 1_024 * 1_024;
const BAD = new RegExp(`"level":[56]0|"stack":|${SECRET_MARK}|${POISON}`);

export class LogWatch {
  readonly #file: number;
  readonly #buffer = Buffer.alloc(READ_BYTES);
  #rest = '';

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  /** The bad lines since the last look. */
  look(): string[] {
    const found: string[] = [];
    for (let length = this.#read(); length > 0; length = this.#read()) {
      const text = this.#rest + this.#buffer.toString('utf8', 0, length);
      const end = text.lastIndexOf('\n') + 1;
      this.#rest = text.slice(end);
      const lines = text.slice(0, end);
      found.push(...lines.split('\n').filter(isBad));
    }
    return found;
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): number {
    return readSync(this.#file, this.#buffer, 0, READ_BYTES, null);
  }
}

/** A line that is no JSON came by standard error. */
function isBad(line: string): boolean {
  return BAD.test(line) || !(line === '' || line.startsWith('{') || INSPECTOR_LINE.test(line));
}
