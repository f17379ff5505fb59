import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '../../kernel/log.js';
import { LocalMessageStore } from '../../messages/local-message-store.js';
import { EmbeddedStore } from './embedded-store.js';
import { LmdbMessageRecords } from './lmdb-message-records.js';

@Injectable()
export class EmbeddedMessageStore extends LocalMessageStore {
  /** Reads all that waits. @throws StorageStartError where the store turns out to be damaged. */
  constructor(store: EmbeddedStore, @Inject(LOG) log: Log) {
    super(new LmdbMessageRecords(store, log));
  }
}
