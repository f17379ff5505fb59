import { StorageStartError } from '../../kernel/storage-start-error.js';

/** The keys that sealed something and are not in `SECRETS_KEY`, with how many records need each. */
export class MissingKeys {
  readonly #records = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  add(keyId: string): void {
    this.#records.set(keyId, (this.#records.get(keyId) ?? 0) + 1);
  }

  /** @param hasKeys whether there is any key at all. */
  toError(hasKeys: boolean): StorageStartError {
    const keys = [...this.#records].map(([id, count]) => `key ${id} (${count} registration(s))`).join(', ');
    const reason = hasKeys ? 'which SECRETS_KEY does not have' : 'and SECRETS_KEY is not set';
    return new StorageStartError(
      `secrets in the store are sealed with ${keys}, ${reason}; put that key into SECRETS_KEY, behind the new one where there is one. If it is lost, so are these secrets: move DATA_DIR away, or with MongoDB delete the documents of wxkfpuppets whose corpSecret begins with "sealed v1" and the key's id, and let the puppets register again`,
    );
  }
}
