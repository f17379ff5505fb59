import { Inject, Injectable } from '@nestjs/common';
import { LocalOutbox } from '../../dispatch/outbox/local-outbox.js';
import { LOG, type Log } from '../../kernel/log.js';
import { EmbeddedStore } from './embedded-store.js';
import { LmdbHintStore } from './lmdb-hint-store.js';

@Injectable()
export class EmbeddedOutbox extends LocalOutbox {
  /** Reads all that waits. @throws StorageStartError where the store turns out to be damaged. */
  constructor(store: EmbeddedStore, @Inject(LOG) log: Log) {
    const hints = new LmdbHintStore(store, log);
    super(hints, hints.heads());
  }
}
