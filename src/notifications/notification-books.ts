import type { RecordKind } from '../storage/records/record-kind.js';
import type { Book } from './book.js';

/** What one receiver was told, over all processes on the store and over restarts. */
export interface NotificationBook {
  readonly receiverId: string;
  readonly book: Book;
}

export const NOTIFICATION_BOOKS: RecordKind<NotificationBook> = {
  name: 'notifications',
  keyOf: ({ receiverId }) => receiverId,
};
