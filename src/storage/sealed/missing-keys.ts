import { StorageStartError } from '../../kernel/storage-start-error.js';

/** What to do where the key is lost. */
const OF = {
  puppet: {
    records: 'registration(s)',
    remedy:
      'delete the documents of wxkfpuppets whose corpSecret begins with "sealed v1" and the key\'s id, and let the puppets register again',
  },
  app: {
    records: 'app(s)',
    remedy:
      'delete the documents of wxkfapps whose token begins with "sealed v1" and the key\'s id, and add the apps again',
  },
  bot: {
    records: 'bot(s)',
    remedy:
      'delete the documents of wxkfbots whose secrets begin with "sealed v1" and the key\'s id, and add the bots again',
  },
} as const;

/** The keys that sealed something and are not in `SECRETS_KEY`, with how many records need each. */
export class MissingKeys {
  readonly #records = new Map<string, number>();

  constructor(private readonly of: keyof typeof OF) {}

  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  add(keyId: string): void {
    this.#records.set(keyId, (this.#records.get(keyId) ?? 0) + 1);
  }

  /** @param hasKeys whether there is any key at all. */
  toError(hasKeys: boolean): StorageStartError {
    const { records, remedy } = OF[this.of];
    const keys = [...this.#records].map(([id, count]) => `key ${id} (${count} ${records})`).join(', ');
    const reason = hasKeys ? 'which SECRETS_KEY does not have' : 'and SECRETS_KEY is not set';
    return new StorageStartError(
      `secrets in the store are sealed with ${keys}, ${reason}; put that key into SECRETS_KEY, behind the new one where there is one. If it is lost, so are these secrets: move DATA_DIR away, or with MongoDB ${remedy}`,
    );
  }
}
