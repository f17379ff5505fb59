import { type DynamicModule, Global, Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { mongo } from 'mongoose';
import { QueueStore } from '../queue/queue-store.js';
import { StorageProbe } from '../store/storage-probe.js';
import type { Secret } from '../../kernel/secret.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Counters } from '../counters/counters.js';
import { Journals } from '../journal/journal.js';
import { PuppetRepository } from '../puppets/puppet.repository.js';
import { RecordStore } from '../records/records.js';
import { SEALING } from '../store/sealing.js';
import { StoredSecrets } from '../store/stored-secrets.js';
import { STORAGE_PORTS } from '../store/storage-ports.js';
import { MongoCounters } from './counters.js';
import { MongoJournals } from './journal.js';
import { MongoPuppetRepository } from './mongo-puppet.repository.js';
import { MongoRecords } from './records.js';
import { CONNECT_OPTIONS, MongoStore } from './mongo-store.js';
import { MongoStoreClock } from './mongo-store-clock.js';
import { MongoStoredSecrets } from './mongo-stored-secrets.js';
import { PuppetRecord, PuppetSchema } from './puppet.schema.js';
import { MongoQueueStore } from './queue.js';
import { strictUri } from './strict-uri.js';

@Global()
@Module({})
export class MongoStorageModule {
  /**
   * Starts without waiting for the database; `MongoStore` waits for it.
   * @throws StorageStartError where the driver cannot read the URI.
   */
  static forRoot(uri: Secret): DynamicModule {
    requireReadable(uri);
    return {
      module: MongoStorageModule,
      imports: [
        MongooseModule.forRoot(strictUri(uri).reveal(), { ...CONNECT_OPTIONS, lazyConnection: true }),
        MongooseModule.forFeature([{ name: PuppetRecord.name, schema: PuppetSchema }]),
      ],
      providers: [
        MongoStore,
        { provide: StorageProbe, useExisting: MongoStore },
        ...SEALING,
        { provide: PuppetRepository, useClass: MongoPuppetRepository },
        { provide: RecordStore, useClass: MongoRecords },
        { provide: StoredSecrets, useClass: MongoStoredSecrets },
        { provide: QueueStore, useClass: MongoQueueStore },
        { provide: Counters, useClass: MongoCounters },
        { provide: Journals, useClass: MongoJournals },
        MongoStoreClock,
        { provide: StoreClock, useExisting: MongoStoreClock },
      ],
      exports: STORAGE_PORTS,
    };
  }
}

/**
 * A second "@" comes from a password that is not percent-encoded: the driver takes a piece of the password for the host or an
 * option, and repeats it in its error. Azure's connection strings have two more in their appName.
 */
const SECOND_AT = /@.*@/;
const APP_NAME = /[?&]appName=[^&]*/i;

/** The driver's words may repeat parts of the URI, and so of the password. Only the name of an option is passed on. */
export function requireReadable(uri: Secret): void {
  const text = uri.reveal();
  if (SECOND_AT.test(text.replace(APP_NAME, ''))) throw unreadable();
  try {
    new mongo.MongoClient(text).db();
  } catch (error) {
    throw unreadable(/options? [\w, ]+ (?:is|are) not supported/.exec(String(error))?.[0]);
  }
}

function unreadable(option?: string): StorageStartError {
  return new StorageStartError(
    `MONGO_URI cannot be read${option === undefined ? '' : ` (${option})`}; check its host, port, database and options, and percent-encode the user and the password`,
  );
}
