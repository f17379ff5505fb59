/** What the health check asks of either storage. */
export abstract class StorageProbe {
  abstract readonly kind: 'embedded' | 'mongodb';

  /** Resolves when the storage answers. Otherwise rejects promptly with the reason. */
  abstract check(): Promise<void>;
}
