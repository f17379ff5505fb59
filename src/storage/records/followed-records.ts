import { SerialRuns } from '../../kernel/serial-runs.js';
import type { Records } from './records.js';

/**
 * The records of a kind, in memory. A read brings in what all processes wrote. It never undoes a write of this process that ended
 * after the read began.
 */
export abstract class FollowedRecords<T extends object> {
  readonly #reads = new SerialRuns(() => this.#read());
  /** Whether the next read loads all records, also if nothing has changed. */
  #isWhole = false;
  /** Rises with each own write. */
  #order = 0;
  /** The order of the latest own write of each record that a read may not have seen. */
  readonly #writtenAt = new Map<string, number>();

  protected constructor(private readonly stored: Records<T>) {}

  /** Call it at the start, and after a write whose outcome is not known. @throws AppError `STORE_UNAVAILABLE`, StorageStartError */
  load(): Promise<void> {
    this.#isWhole = true;
    return this.#reads.run();
  }

  /** Brings in everything that was written before the call. @throws AppError `STORE_UNAVAILABLE` */
  read(): Promise<void> {
    return this.#reads.run();
  }

  /** @param isOvertaken whether this process wrote the record after `all` were read. */
  protected abstract take(all: readonly T[], isOvertaken: (key: string) => boolean): void;

  /** Call it when this process has written or removed the record. */
  protected wrote(key: string): void {
    this.#writtenAt.set(key, ++this.#order);
  }

  async #read(): Promise<void> {
    const order = this.#order;
    const isWhole = this.#isWhole;
    this.#isWhole = false;
    const all = isWhole ? await this.stored.load() : await this.stored.changes();
    if (all === null) return;
    this.take(all, (key) => (this.#writtenAt.get(key) ?? 0) > order);
    for (const [key, at] of this.#writtenAt) if (at <= order) this.#writtenAt.delete(key);
  }
}
