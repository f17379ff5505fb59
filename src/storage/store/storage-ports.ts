import { Sealer } from '../../crypto/sealer.js';
import { QueueStore } from '../queue/queue-store.js';
import { Counters } from '../counters/counters.js';
import { Journals } from '../journal/journal.js';
import { StorageProbe } from './storage-probe.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { PuppetRepository } from '../puppets/puppet.repository.js';
import { RecordStore } from '../records/records.js';
import { StoredSecrets } from './stored-secrets.js';

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
