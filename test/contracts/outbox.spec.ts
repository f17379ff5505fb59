import { describe } from '@jest/globals';
import { LocalOutbox, MemoryHintStore } from '../../src/dispatch/local-outbox.js';
import { Outbox } from '../../src/dispatch/outbox.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { mongoPlace, type OpenedStore, openStore } from '../support/stores.js';
import { type OpenedOutbox, outboxContract } from './outbox.contract.js';

/** In memory a restart is the same outbox with its leases gone. */
function openMemory(store = new MemoryHintStore()): OpenedOutbox {
  return {
    outbox: new LocalOutbox(store, store.hints()),
    reopen: async () => openMemory(store),
    close: async () => {},
  };
}

function toOutbox({ get, reopen, close }: OpenedStore): OpenedOutbox {
  return { outbox: get(Outbox), reopen: async () => toOutbox(await reopen()), close };
}

const openOutbox = async (place: Place): Promise<OpenedOutbox> => toOutbox(await openStore(place));

describe('in memory', () => outboxContract(async () => openMemory()));
describe('embedded', () => outboxContract(() => openOutbox(embeddedPlace())));
mongoSuite('mongodb', () => outboxContract(() => openOutbox(mongoPlace())));
