import type { Book } from '../../src/notifications/book.js';
import { type KeptBook, NotificationBooks } from '../../src/notifications/notification-books.js';

/** Several on one table stand for several replicas. */
export type BookTable = Map<string, KeptBook>;

export class MemoryNotificationBooks extends NotificationBooks {
  constructor(private readonly table: BookTable = new Map()) {
    super();
  }

  override async read(receiverId: string): Promise<KeptBook | null> {
    return this.table.get(receiverId) ?? null;
  }

  override async replace(receiverId: string, before: KeptBook | null, book: Book): Promise<boolean> {
    const now = this.table.get(receiverId);
    if (now?.revision !== before?.revision) return false;
    this.table.set(receiverId, structuredClone({ book, revision: (now?.revision ?? 0) + 1 }));
    return true;
  }
}
