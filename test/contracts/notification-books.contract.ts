import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Book, EMPTY_BOOK } from '../../src/notifications/book.js';
import type { NotificationBooks } from '../../src/notifications/notification-books.js';

export interface OpenedBooks {
  readonly books: NotificationBooks;
  reopen(): Promise<OpenedBooks>;
  close(): Promise<void>;
}

const BOOK: Book = {
  ...EMPTY_BOOK,
  toldAtMs: 7,
  lastFailure: { atMs: 5, reason: 'it answered 500' },
  troubles: [
    {
      key: 'waiting 10.0.0.7',
      cause: {
        ...{ code: 'waiting', severity: 'wait', count: 3, since: '2026-01-01T00:00:00.000Z' },
        ...{
          why: null,
          status: null,
          address: '10.0.0.7:8080',
          port: 8_080,
          botId: null,
          corpId: 'ww1',
          openKfId: null,
          name: null,
        },
      },
      ...{ state: 'told', returns: 1, hasWorked: false, sinceMs: 1, changedAtMs: 2, seenAtMs: 3 },
    },
  ],
};

/** The promises of `NotificationBooks`, for every adapter. */
export function notificationBooksContract(open: () => Promise<OpenedBooks>): void {
  describe('books of notifications', () => {
    let opened: OpenedBooks;

    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('are not there before the first write', async () => {
      expect(await opened.books.read('one')).toBeNull();
    });

    it('are as they were written, also after a restart', async () => {
      expect(await opened.books.replace('one', null, BOOK)).toBe(true);
      expect((await opened.books.read('one'))?.book).toEqual(BOOK);
      opened = await opened.reopen();
      expect((await opened.books.read('one'))?.book).toEqual(BOOK);
      expect(await opened.books.read('other')).toBeNull();
    });

    it('are written by one of those who have read the same', async () => {
      const replaceBy = async (count: number) => {
        const before = await opened.books.read('one');
        const all = Array.from({ length: count }, (_, n) =>
          opened.books.replace('one', before, { ...BOOK, failures: n }),
        );
        return (await Promise.all(all)).filter((isWritten) => isWritten).length;
      };
      expect(await replaceBy(10)).toBe(1);
      expect(await replaceBy(10)).toBe(1);
    });

    it('are not written by one who has read an earlier one', async () => {
      await opened.books.replace('one', null, BOOK);
      const earlier = await opened.books.read('one');
      expect(await opened.books.replace('one', earlier, EMPTY_BOOK)).toBe(true);
      expect(await opened.books.replace('one', earlier, BOOK)).toBe(false);
      expect(await opened.books.replace('one', null, BOOK)).toBe(false);
      expect((await opened.books.read('one'))?.book).toEqual(EMPTY_BOOK);
    });
  });
}
