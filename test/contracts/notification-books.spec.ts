import { describe } from '@jest/globals';
import { NotificationBooks } from '../../src/notifications/notification-books.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { notificationBooksContract, type OpenedBooks } from './notification-books.contract.js';

function toBooks({ get, reopen, close }: OpenedStore): OpenedBooks {
  return { books: get(NotificationBooks), reopen: async () => toBooks(await reopen()), close };
}

const openBooks = async (place: Place): Promise<OpenedBooks> => toBooks(await openStore(place));

describe('embedded', () => notificationBooksContract(() => openBooks(embeddedPlace())));
mongoSuite('mongodb', () => {
  const open = keptMongo();
  notificationBooksContract(async () => toBooks(await open()));
});
