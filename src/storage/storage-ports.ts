import { AuditLog } from '../audit/audit-log.js';
import { Outbox } from '../dispatch/outbox/outbox.js';
import { Counters } from './counters.js';
import { StorageProbe } from './storage-probe.js';
import { StoreClock } from '../kernel/store-clock.js';
import { MessageStore } from '../messages/message-store.js';
import { NotificationBooks } from '../notifications/notification-books.js';
import { OperatorRepository } from '../operators/operator.repository.js';
import { DeliveryLog } from '../record/delivery-log.js';
import { FigureStore } from '../record/figure-store.js';
import { AppRepository } from '../registry/apps/app.repository.js';
import { BotRepository } from '../registry/bots/bot.repository.js';
import { PuppetRepository } from '../registry/puppet.repository.js';
import { StreamDirectory } from '../stream/replicas/stream-directory.js';
import { AccessTokenStore } from '../wecom/tokens/access-token.store.js';
import { StoredSecrets } from './sealed/stored-secrets.js';

/** All that a storage provides, whichever it is. */
export const STORAGE_PORTS = [
  StorageProbe,
  PuppetRepository,
  AppRepository,
  BotRepository,
  OperatorRepository,
  AuditLog,
  Outbox,
  MessageStore,
  StreamDirectory,
  Counters,
  AccessTokenStore,
  StoreClock,
  StoredSecrets,
  DeliveryLog,
  FigureStore,
  NotificationBooks,
];
