import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import type { Book } from '../../notifications/book.js';
import { type KeptBook, NotificationBooks } from '../../notifications/notification-books.js';
import { EmbeddedStore } from './embedded-store.js';

/** Compares in memory and in one turn, since LMDB shows a write only when it is on the disk. */
@Injectable()
export class EmbeddedNotificationBooks extends NotificationBooks {
  readonly #stored: Database<KeptBook, string>;
  /** Those written since the start. */
  readonly #written = new Map<string, KeptBook>();

  constructor(private readonly store: EmbeddedStore) {
    super();
    this.#stored = store.database('notifications');
  }

  override async read(receiverId: string): Promise<KeptBook | null> {
    this.store.requireOpen();
    return this.#find(receiverId);
  }

  override async replace(receiverId: string, before: KeptBook | null, book: Book): Promise<boolean> {
    this.store.requireOpen();
    const now = this.#find(receiverId);
    if (now?.revision !== before?.revision) return false;
    const kept = { book, revision: (now?.revision ?? 0) + 1 };
    this.#written.set(receiverId, kept);
    try {
      await this.store.durably('write notifications', () => this.#stored.put(receiverId, kept));
    } catch (error) {
      this.#written.delete(receiverId);
      throw error;
    }
    return true;
  }

  /** One that is damaged must not keep everything from being told. */
  #find(receiverId: string): KeptBook | null {
    try {
      return this.#written.get(receiverId) ?? this.#stored.get(receiverId) ?? null;
    } catch {
      return null;
    }
  }
}
