import { Sealer } from '../crypto/sealer.js';
import { QueueStore } from '../dispatch/queue/queue-store.js';
import { Counters } from './counters.js';
import { Journals } from './journal.js';
import { StorageProbe } from './storage-probe.js';
import { StoreClock } from '../kernel/store-clock.js';
import { PuppetRepository } from '../registry/puppet.repository.js';
import { RecordStore } from './records.js';
import { StoredSecrets } from './sealed/stored-secrets.js';

/** All that a storage provides, whichever it is. */
export const STORAGE_PORTS = [
  StorageProbe,
  PuppetRepository,
  RecordStore,
  QueueStore,
  Counters,
  StoreClock,
  StoredSecrets,
  Sealer,
  Journals,
];
