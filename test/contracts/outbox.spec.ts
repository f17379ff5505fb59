import { describe } from '@jest/globals';
import { LocalOutbox, MemoryHintStore } from '../../src/dispatch/local-outbox.js';
import { Outbox } from '../../src/dispatch/outbox.js';
// Opens either store, hence the run's MongoDB.
import { embeddedPlace } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { type OpenedOutbox, outboxContract } from './outbox.contract.js';

/** In memory a restart is the same outbox with its leases gone. */
function openMemory(store = new MemoryHintStore()): OpenedOutbox {
  return {
    outbox: new LocalOutbox(store, store.hints()),
    reopen: async () => openMemory(store),
    close: async () => {},
  };
}

function outboxOf({ get, reopen, close }: OpenedStore): OpenedOutbox {
  return { outbox: get(Outbox), reopen: async () => outboxOf(await reopen()), close };
}

describe('in memory', () => outboxContract(async () => openMemory()));
describe('embedded', () => outboxContract(async () => outboxOf(await openStore(embeddedPlace()))));
