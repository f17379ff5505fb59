import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { Book } from '../../notifications/book.js';
import { type KeptBook, NotificationBooks } from '../../notifications/notification-books.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';
import { type BookRecord, NOTIFICATIONS } from './notification.schema.js';

@Injectable()
export class MongoNotificationBooks extends NotificationBooks {
  readonly #records: Collection<BookRecord>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#records = store.collection(NOTIFICATIONS);
  }

  override read(receiverId: string): Promise<KeptBook | null> {
    return this.store.run('read notifications', async () => {
      const record = await this.#records.findOne({ _id: receiverId });
      return record === null ? null : { book: record.book, revision: record.revision };
    });
  }

  override replace(receiverId: string, before: KeptBook | null, book: Book): Promise<boolean> {
    return this.store.run('write notifications', async () => {
      if (before === null) return this.#insert({ _id: receiverId, book, revision: 0 });
      const { matchedCount } = await this.#records.updateOne(
        { _id: receiverId, revision: before.revision },
        { $set: { book }, $inc: { revision: 1 } },
      );
      return matchedCount === 1;
    });
  }

  async #insert(record: BookRecord): Promise<boolean> {
    try {
      await this.#records.insertOne(record);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
