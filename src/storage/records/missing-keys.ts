import { StorageStartError } from '../../kernel/storage-start-error.js';

/** The keys that sealed something and are not in `SECRETS_KEY`, with how many records need each. */
export class MissingKeys {
  readonly #counts = new Map<string, number>();

  /** @param remedy what to do in MongoDB when the key is lost. */
  constructor(
    private readonly records: string,
    private readonly remedy: string,
  ) {}

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add(keyId: string): void {
    this.#counts.set(keyId, (this.#counts.get(keyId) ?? 0) + 1);
  }

  /** @param hasKeys whether there is any key at all. */
  toError(hasKeys: boolean): StorageStartError {
    const { records, remedy } = this;
    const keys = [...this.#counts].map(([id, count]) => `key ${id} (${count} ${records})`).join(', ');
    const reason = hasKeys ? 'which SECRETS_KEY does not have' : 'and SECRETS_KEY is not set';
    return new StorageStartError(
      `secrets in the store are sealed with ${keys}, ${reason}; put that key into SECRETS_KEY, behind the new one where there is one. If it is lost, so are these secrets: move DATA_DIR away, or with MongoDB ${remedy}`,
    );
  }
}
