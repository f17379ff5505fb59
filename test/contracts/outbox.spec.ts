import { describe } from '@jest/globals';
import { LocalOutbox, MemoryHintStore } from '../../src/dispatch/local-outbox.js';
import { type OpenedOutbox, outboxContract } from './outbox.contract.js';

/** In memory a restart is the same outbox with its leases gone. */
function openMemory(store = new MemoryHintStore()): OpenedOutbox {
  return {
    outbox: new LocalOutbox(store, store.hints()),
    reopen: async () => openMemory(store),
    close: async () => {},
  };
}

describe('in memory', () => outboxContract(async () => openMemory()));
