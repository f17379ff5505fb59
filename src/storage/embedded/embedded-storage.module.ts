import { Global, Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditLog } from '../../audit/audit-log.js';
import { Outbox } from '../../dispatch/outbox/outbox.js';
import { ResyncBudget } from '../../dispatch/redelivery/resync-budget.js';
import { NoStreamDirectory } from '../../stream/replicas/stream-directory.js';
import { StorageProbe } from '../storage-probe.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Metrics } from '../../metrics/metrics.js';
import { NotificationBooks } from '../../notifications/notification-books.js';
import { OperatorRepository } from '../../operators/operator.repository.js';
import { DeliveryLog } from '../../record/delivery-log.js';
import { FigureStore } from '../../record/figure-store.js';
import { CallQuota } from '../../wecom/proxy/call-quota.js';
import { sealedPorts } from '../sealed/sealed-ports.js';
import { StoredSecrets } from '../sealed/stored-secrets.js';
import { storageConfig } from '../storage.config.js';
import { STORAGE_PORTS } from '../storage-ports.js';
import { StoreMetrics } from '../store-metrics.js';
import { EmbeddedAccessTokenStore } from './embedded-access-token.store.js';
import { EmbeddedAppRepository } from './embedded-app.repository.js';
import { EmbeddedAuditLog } from './embedded-audit-log.js';
import { EmbeddedBotRepository } from './embedded-bot.repository.js';
import { EmbeddedCallQuota } from './embedded-call-quota.js';
import { EmbeddedDeliveryLog } from './embedded-delivery-log.js';
import { EmbeddedFigureStore } from './embedded-figure-store.js';
import { EmbeddedMessageStore } from './embedded-message.store.js';
import { EmbeddedNotificationBooks } from './embedded-notification-books.js';
import { EmbeddedOperatorRepository } from './embedded-operator.repository.js';
import { EmbeddedOutbox } from './embedded-outbox.js';
import { EmbeddedPuppetRepository } from './embedded-puppet.repository.js';
import { EmbeddedResyncBudget } from './embedded-resync-budget.js';
import { EmbeddedStore, WRITES } from './embedded-store.js';
import { EmbeddedStoreClock } from './embedded-store-clock.js';
import { EmbeddedStoredSecrets } from './embedded-stored-secrets.js';

@Global()
@Module({
  providers: [
    {
      provide: EmbeddedStore,
      inject: [storageConfig.KEY, LOG, { token: Metrics, optional: true }],
      useFactory: (config: ConfigType<typeof storageConfig>, log: Log, metrics?: Metrics) =>
        EmbeddedStore.open(config, new StoreMetrics('embedded', WRITES, metrics), (records) =>
          log.info({ records }, 'store.being_checked'),
        ),
    },
    { provide: StorageProbe, useExisting: EmbeddedStore },
    ...sealedPorts({
      puppets: EmbeddedPuppetRepository,
      apps: EmbeddedAppRepository,
      bots: EmbeddedBotRepository,
      tokens: EmbeddedAccessTokenStore,
      messages: EmbeddedMessageStore,
      streams: NoStreamDirectory,
    }),
    { provide: StoredSecrets, useClass: EmbeddedStoredSecrets },
    { provide: OperatorRepository, useClass: EmbeddedOperatorRepository },
    { provide: AuditLog, useClass: EmbeddedAuditLog },
    { provide: Outbox, useClass: EmbeddedOutbox },
    { provide: ResyncBudget, useClass: EmbeddedResyncBudget },
    { provide: CallQuota, useClass: EmbeddedCallQuota },
    { provide: StoreClock, useClass: EmbeddedStoreClock },
    { provide: DeliveryLog, useClass: EmbeddedDeliveryLog },
    { provide: FigureStore, useClass: EmbeddedFigureStore },
    { provide: NotificationBooks, useClass: EmbeddedNotificationBooks },
  ],
  exports: STORAGE_PORTS,
})
export class EmbeddedStorageModule {}
