import type { Book } from './book.js';

/** A book as it was read. */
export interface KeptBook {
  readonly book: Book;
  /** Changed by every write. */
  readonly revision: number;
}

/**
 * What each receiver of notifications was told, over all processes on the store and over restarts. Rejects with AppError
 * `STORE_UNAVAILABLE`; of a write it is not known then whether it was made.
 */
export abstract class NotificationBooks {
  /** @returns `null` where there is none yet, or none that can be read. */
  abstract read(receiverId: string): Promise<KeptBook | null>;

  /**
   * Writes it, unless another one was faster.
   * @param before as it was read.
   * @returns whether it was written.
   */
  abstract replace(receiverId: string, before: KeptBook | null, book: Book): Promise<boolean>;
}
