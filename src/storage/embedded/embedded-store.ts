import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Database, open, type RootDatabase } from 'lmdb';
import { CONFIG, type Config } from '../../config/config.js';
import { StorageProbe } from '../../health/storage-probe.js';
import { AppError } from '../../kernel/app-error.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { DataDir } from './data-dir.js';
import { DATABASES, MAX_DATABASES } from './databases.js';

/** A commit takes milliseconds; one that takes this long says that the disk is in trouble. */
const WRITE_LIMIT_MS = 5_000;

/** The LMDB environment in `DATA_DIR`, owned by this process alone. */
@Injectable()
export class EmbeddedStore extends StorageProbe implements OnApplicationShutdown {
  override readonly kind = 'embedded';
  readonly #dataDir: DataDir;
  readonly #root: RootDatabase;

  /** @throws StorageStartError */
  constructor(@Inject(CONFIG) { dataDir }: Pick<Config, 'dataDir'>) {
    super();
    this.#dataDir = new DataDir(dataDir);
    this.#dataDir.acquire();
    this.#root = open({
      path: this.#dataDir.dataFile,
      noSubdir: true,
      maxDbs: MAX_DATABASES,
      // A put is answered only when it is on the disk.
      overlappingSync: false,
    });
    this.#dataDir.markOpen();
  }

  database<V>(name: keyof typeof DATABASES): Database<V, string> {
    return this.#root.openDB<V, string>({ name: DATABASES[name] });
  }

  /**
   * Awaits a write until it is on the disk.
   * @throws AppError `STORE_UNAVAILABLE`; it may have been written or not.
   */
  async durably(write: Promise<boolean>): Promise<boolean> {
    try {
      return await withinDeadline(WRITE_LIMIT_MS, 'embedded write', write);
    } catch (cause) {
      throw cause instanceof AppError ? cause : new AppError('STORE_UNAVAILABLE', { cause });
    }
  }

  override async check(): Promise<void> {
    this.#root.getStats();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#root.close();
    this.#dataDir.release();
  }
}
