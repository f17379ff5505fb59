import type { Book } from '../../notifications/book.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const NOTIFICATIONS = 'wxkfnotifications';

/** What one receiver was told. */
export interface BookRecord {
  /** The receiver. */
  readonly _id: string;
  readonly book: Book;
  /** Changed by every write. */
  readonly revision: number;
}
