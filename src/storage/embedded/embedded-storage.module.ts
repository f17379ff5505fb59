import { Global, Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditLog } from '../../audit/audit-log.js';
import { Outbox } from '../../dispatch/outbox/outbox.js';
import { NoStreamDirectory } from '../../stream/replicas/stream-directory.js';
import { StorageProbe } from '../storage-probe.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { LocalMessageStore } from '../../messages/local-message-store.js';
import { Metrics } from '../../metrics/metrics.js';
import { NotificationBooks } from '../../notifications/notification-books.js';
import { OperatorRepository } from '../../operators/operator.repository.js';
import { DeliveryLog } from '../../record/delivery-log.js';
import { FigureStore } from '../../record/figure-store.js';
import { Counters } from '../counters.js';
import { PuppetRepository } from '../../registry/puppet.repository.js';
import { sealedPorts } from '../sealed/sealed-ports.js';
import { StoredSecrets } from '../sealed/stored-secrets.js';
import { storageConfig } from '../storage.config.js';
import { openSqliteMessages } from '../sqlite/messages.js';
import { openSqliteOutbox } from '../sqlite/hints.js';
import { STORAGE_PORTS } from '../storage-ports.js';
import { StoreMetrics } from '../store-metrics.js';
import { SqliteCounters } from '../sqlite/counters.js';
import { SqlitePuppetRepository } from '../sqlite/puppets.js';
import { type Step, STEPS, SqliteStore } from '../sqlite/sqlite-store.js';
import { EmbeddedAccessTokenStore } from './embedded-access-token.store.js';
import { EmbeddedAppRepository } from './embedded-app.repository.js';
import { EmbeddedAuditLog } from './embedded-audit-log.js';
import { EmbeddedBotRepository } from './embedded-bot.repository.js';
import { EmbeddedDeliveryLog } from './embedded-delivery-log.js';
import { EmbeddedFigureStore } from './embedded-figure-store.js';
import { EmbeddedNotificationBooks } from './embedded-notification-books.js';
import { EmbeddedOperatorRepository } from './embedded-operator.repository.js';
import { EmbeddedStore, type Write, WRITES } from './embedded-store.js';
import { EmbeddedStoreClock } from './embedded-store-clock.js';
import { EmbeddedStoredSecrets } from './embedded-stored-secrets.js';

@Global()
@Module({
  providers: [
    {
      provide: EmbeddedStore,
      inject: [storageConfig.KEY, LOG, StoreMetrics],
      useFactory: (config: ConfigType<typeof storageConfig>, log: Log, metrics: StoreMetrics<Write>) =>
        EmbeddedStore.open(config, metrics, (records) => log.info({ records }, 'store.being_checked')),
    },
    {
      provide: SqliteStore,
      // The first one locks the folder.
      inject: [storageConfig.KEY, StoreMetrics, EmbeddedStore],
      useFactory: (config: ConfigType<typeof storageConfig>, metrics: StoreMetrics<Step>) =>
        SqliteStore.open(config, metrics),
    },
    {
      provide: StoreMetrics,
      inject: [{ token: Metrics, optional: true }],
      useFactory: (metrics?: Metrics) =>
        new StoreMetrics('embedded', [...new Set([...WRITES, ...STEPS])], metrics),
    },
    { provide: StorageProbe, useExisting: EmbeddedStore },
    ...sealedPorts({
      apps: EmbeddedAppRepository,
      bots: EmbeddedBotRepository,
      tokens: EmbeddedAccessTokenStore,
      messages: LocalMessageStore,
      streams: NoStreamDirectory,
    }),
    { provide: PuppetRepository, useClass: SqlitePuppetRepository },
    { provide: StoredSecrets, useClass: EmbeddedStoredSecrets },
    { provide: OperatorRepository, useClass: EmbeddedOperatorRepository },
    { provide: AuditLog, useClass: EmbeddedAuditLog },
    { provide: Counters, useClass: SqliteCounters },
    { provide: Outbox, inject: [SqliteStore, LOG], useFactory: openSqliteOutbox },
    { provide: LocalMessageStore, inject: [SqliteStore, LOG], useFactory: openSqliteMessages },
    { provide: StoreClock, useClass: EmbeddedStoreClock },
    { provide: DeliveryLog, useClass: EmbeddedDeliveryLog },
    { provide: FigureStore, useClass: EmbeddedFigureStore },
    { provide: NotificationBooks, useClass: EmbeddedNotificationBooks },
  ],
  exports: STORAGE_PORTS,
})
export class EmbeddedStorageModule {}
