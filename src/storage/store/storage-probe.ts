/** `low`: no new messages are kept. `full`: what bots take cannot be written down, so they are given none. */
export type DiskRoom = 'enough' | 'low' | 'full';

/** What the health check asks of either storage. */
export abstract class StorageProbe {
  abstract readonly kind: 'embedded' | 'mongodb';

  /** Resolves when the storage answers. Otherwise rejects promptly with the reason. */
  abstract check(): Promise<void>;

  /** Of the disk of `DATA_DIR`; with MongoDB its disk is not this process's affair. */
  room(): DiskRoom {
    return 'enough';
  }
}
