/** What health asks of the storage, whichever it is. */
export abstract class StorageProbe {
  abstract readonly kind: 'embedded' | 'mongodb';

  /** Resolves when the storage answers; rejects, soon, with the reason when it does not. */
  abstract check(): Promise<void>;
}
