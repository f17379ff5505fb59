/** What each port promises, of the adapters and fakes that keep it in memory; the stores have a file for each port. */
import { describe } from '@jest/globals';
import { MemoryQueueStore } from '../support/memory-queue.js';
import { MemoryEventQueue } from '../support/memory-event-queue.js';
import { MemoryMessageQueue } from '../support/memory-messages.js';
import { type CountTable, MemoryCounters } from '../../src/storage/counters/memory-counters.js';
import { MemoryAuditLog, MemoryDeliveryLog, MemoryFigureStore } from '../support/memory-journals.js';
import { FakeSecretCheck } from '../support/fake-secret-check.js';
import { MemoryPuppetRepository, type PuppetTable } from '../support/memory-puppet.repository.js';
import { MemoryRecords, RecordData } from '../support/memory-records.js';
import { auditLogContract, type OpenedAudit, removesOldEntries } from './audit-log.contract.js';
import { deliveryLogContract, type OpenedLog } from './delivery-log.contract.js';
import { messageQueueContract, type OpenedMessages } from './message-queue.contract.js';
import { figureStoreContract, type OpenedFigures } from './figure-store.contract.js';
import { queueStoreContract } from './queue-store.contract.js';
import { type OpenedEventQueue, eventQueueContract } from './event-queue.contract.js';
import { type OpenedRepository, puppetRepositoryContract } from './puppet-repository.contract.js';
import { countersContract, type OpenedCounters } from './counters.contract.js';
import { type OpenedRecords, recordsContract } from './records.contract.js';
import { type OpenedCheck, secretCheckContract } from './secret-check.contract.js';

/** What is in memory needs no closing. */
const close = async (): Promise<void> => {};

/** A restart of what is in memory leaves the same table. */
const openPuppets = (table: PuppetTable = new Map()): OpenedRepository => ({
  repository: new MemoryPuppetRepository(table),
  reopen: async () => openPuppets(table),
  close,
});

const openRecords = (data = new RecordData()): OpenedRecords => ({
  stores: [new MemoryRecords(data), new MemoryRecords(data)],
  reopen: async () => openRecords(data),
  close,
});

const openEvents = (store = new MemoryQueueStore()): OpenedEventQueue => ({
  ...{ store, events: new MemoryEventQueue(store) },
  reopen: async () => openEvents(store),
  close,
});

const openMessages = (store = new MemoryQueueStore(), records = new MemoryRecords()): OpenedMessages => ({
  messages: new MemoryMessageQueue(store, records),
  queue: store,
  reopen: async () => openMessages(store, records),
  close,
});

const openLog = (log = new MemoryDeliveryLog()): OpenedLog => ({
  deliveryLog: log,
  reopen: async () => openLog(new MemoryDeliveryLog(log.journals)),
  close,
});

const openFigures = (figures = new MemoryFigureStore()): OpenedFigures => ({
  figures,
  reopen: async () => openFigures(new MemoryFigureStore(figures.journals)),
  close,
});

const openAudit = (log = new MemoryAuditLog()): OpenedAudit => ({
  auditLog: log,
  reopen: async () => openAudit(new MemoryAuditLog(log.journals)),
  close,
});

const openCounters = (table: CountTable = new Map()): OpenedCounters => ({
  counters: [new MemoryCounters(table), new MemoryCounters(table)],
  reopen: async () => openCounters(table),
  close,
});

const VERDICTS = {
  accept: 'accepted',
  refuse: 'refused',
  'break off': { unknown: 'it broke off', retryAfterS: 10 },
} as const;

function openCheck(): OpenedCheck {
  const secrets = new FakeSecretCheck();
  const wecom: OpenedCheck['wecom'] = (does) => {
    secrets.verdict = VERDICTS[does];
  };
  return { secrets, wecom, close };
}

describe('the queue in memory', () =>
  queueStoreContract(async () => ({ queue: new MemoryQueueStore(), close })));

describe('the queue of events in memory', () => eventQueueContract(async () => openEvents()));

describe('messages in memory', () => messageQueueContract(async () => openMessages()));

describe('the fake of the specs', () => {
  puppetRepositoryContract(async () => openPuppets());
  recordsContract(async () => openRecords());
  countersContract(async () => openCounters());
  secretCheckContract(async () => openCheck());
  deliveryLogContract(async () => openLog());
  figureStoreContract(async () => openFigures());
  auditLogContract(async () => openAudit());
  removesOldEntries(async () => openAudit());
});
