import { hash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * A value that must never be printed: corpSecret, callback token, encodingAESKey, access tokens.
 * Text, JSON and inspection all give `***`; only `reveal()` gives the value.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** For configuration and records, not for what a caller sent: it takes no constant time. */
  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  /** For what a caller sent: takes the same time wherever the two differ. */
  matches(other: Secret): boolean {
    return timingSafeEqual(digestOf(this.#value), digestOf(other.#value));
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
