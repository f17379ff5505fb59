import { describe } from '@jest/globals';
import { MessageStore } from '../../src/messages/message-store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { storedBytes } from '../support/stored-bytes.js';
import { mongoPlace } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { messageStoreContract, type OpenedMessages } from './message-store.contract.js';

function toMessages({ get, reopen, close }: OpenedStore, place: Place): OpenedMessages {
  return {
    messages: get(MessageStore),
    storedBytes: () => storedBytes(place),
    reopen: async () => toMessages(await reopen(), place),
    close,
  };
}

const openAt = async (place: Place) => toMessages(await openStore(place), place);

describe('embedded', () => messageStoreContract(() => openAt(sealedPlace(embeddedPlace()))));
mongoSuite('mongodb', () => {
  const place = sealedPlace(mongoPlace());
  const open = keptMongo(place);
  messageStoreContract(async () => toMessages(await open(), place));
});
