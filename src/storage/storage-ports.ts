import { AuditLog } from '../audit/audit-log.js';
import { Outbox } from '../dispatch/outbox/outbox.js';
import { Counters } from './counters.js';
import { StorageProbe } from './storage-probe.js';
import { StoreClock } from '../kernel/store-clock.js';
import { MessageStore } from '../messages/message-store.js';
import { DeliveryLog } from '../record/delivery-log.js';
import { FigureStore } from '../record/figure-store.js';
import { PuppetRepository } from '../registry/puppet.repository.js';
import { RecordStore } from './records.js';
import { StoredSecrets } from './sealed/stored-secrets.js';

/** All that a storage provides, whichever it is. */
export const STORAGE_PORTS = [
  StorageProbe,
  PuppetRepository,
  RecordStore,
  AuditLog,
  Outbox,
  MessageStore,
  Counters,
  StoreClock,
  StoredSecrets,
  DeliveryLog,
  FigureStore,
];
