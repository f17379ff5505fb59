import { Global, Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { QueueStore } from '../queue/queue-store.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Metrics, only } from '../../metrics/metrics.js';
import { PuppetRepository } from '../puppets/puppet.repository.js';
import { Counters } from '../counters/counters.js';
import { Journals } from '../journal/journal.js';
import { RecordStore } from '../records/records.js';
import { SEALING } from '../store/sealing.js';
import { StoredSecrets } from '../store/stored-secrets.js';
import { storageConfig } from '../store/storage.config.js';
import { STORE_CONTENTS, type StoreContents } from '../store/store-contents.js';
import { STORAGE_PORTS } from '../store/storage-ports.js';
import { StorageProbe } from '../store/storage-probe.js';
import { StoreMetrics } from '../store/store-metrics.js';
import { SqliteCounters } from './counters.js';
import { DataDir } from './data-dir.js';
import { SqliteJournals } from './journal.js';
import { SqlitePuppetRepository } from './puppets.js';
import { SqliteQueueStore } from './queue.js';
import { SqliteRecords } from './records.js';
import { SqliteStore, STEPS } from './sqlite-store.js';
import { SqliteStoreClock } from './sqlite-store-clock.js';
import { SqliteStoredSecrets } from './sqlite-stored-secrets.js';

@Global()
@Module({
  providers: [
    {
      provide: SqliteStore,
      inject: [storageConfig.KEY, STORE_CONTENTS, LOG, Metrics],
      useFactory: (
        config: ConfigType<typeof storageConfig>,
        contents: StoreContents,
        log: Log,
        metrics: Metrics,
      ) => {
        const { dataDir } = config;
        metrics.reads('wxkf_data_dir_free_bytes', () => only(new DataDir(dataDir).freeBytes));
        return SqliteStore.open(config, contents, new StoreMetrics('embedded', STEPS, metrics), log);
      },
    },
    { provide: StorageProbe, useExisting: SqliteStore },
    ...SEALING,
    { provide: PuppetRepository, useClass: SqlitePuppetRepository },
    { provide: RecordStore, useClass: SqliteRecords },
    { provide: StoredSecrets, useClass: SqliteStoredSecrets },
    { provide: Counters, useClass: SqliteCounters },
    { provide: Journals, useClass: SqliteJournals },
    {
      provide: QueueStore,
      inject: [SqliteStore, LOG],
      useFactory: (store: SqliteStore, log: Log) => SqliteQueueStore.open(store, log),
    },
    { provide: StoreClock, useClass: SqliteStoreClock },
  ],
  exports: STORAGE_PORTS,
})
export class SqliteStorageModule {}
