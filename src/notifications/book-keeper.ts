import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { type Records, RecordStore } from '../storage/records/records.js';
import { type Book, EMPTY_BOOK, GONE_MS, merged } from './book.js';
import { NOTIFICATION_BOOKS, type NotificationBook } from './notification-books.js';

/** This process's copy of a book. */
interface Copy {
  readonly book: Book;
  /** On the clock that never jumps; `null` while the store answers. */
  readonly awaySinceMs: number | null;
}

/** @param mayTell false while another replica may be telling the same, and the book may not show that. */
type Change = (book: Book, mayTell: boolean) => Book;

/**
 * Changes books on the store. A store that does not answer is a trouble to be told, too. Until it is back, this process uses its
 * own copy of the book, and other replicas may tell the same. Then it writes into the store what it has told.
 */
@Injectable()
export class BookKeeper {
  readonly #books: Records<NotificationBook>;
  readonly #copies = new Map<string, Copy>();

  constructor(
    records: RecordStore,
    private readonly clock: Clock,
  ) {
    this.#books = records.of(NOTIFICATION_BOOKS);
  }

  /** As the store has it. @throws AppError `STORE_UNAVAILABLE` */
  async read(receiverId: string): Promise<Book> {
    return (await this.#books.find(receiverId))?.book ?? EMPTY_BOOK;
  }

  async change(receiverId: string, change: Change): Promise<Book> {
    const copy = this.#copies.get(receiverId) ?? { book: EMPTY_BOOK, awaySinceMs: null };
    try {
      const book = await this.#changeStored(receiverId, copy, change);
      this.#copies.set(receiverId, { book, awaySinceMs: null });
      return book;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Another change of this book may have ended meanwhile.
      const latest = this.#copies.get(receiverId) ?? copy;
      const awaySinceMs = latest.awaySinceMs ?? this.clock.elapsedMs();
      // One slow operation does not yet show that the store is away. To tell at once could tell twice.
      const book = change(latest.book, this.clock.elapsedMs() - awaySinceMs >= GONE_MS);
      this.#copies.set(receiverId, { book, awaySinceMs });
      return book;
    }
  }

  async #changeStored(receiverId: string, copy: Copy, change: Change): Promise<Book> {
    const { record } = await this.#books.change(receiverId, (before) => {
      const stored = before?.book ?? EMPTY_BOOK;
      const book = change(copy.awaySinceMs === null ? stored : merged(stored, copy.book), true);
      return book === stored ? null : { receiverId, book };
    });
    return record?.book ?? EMPTY_BOOK;
  }
}
