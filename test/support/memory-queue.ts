import { pino } from 'pino';
import { MemorySqlite } from '../../src/storage/sqlite/memory-sqlite.js';
import { SqliteQueueStore } from '../../src/storage/sqlite/queue.js';

/** The queue of the embedded store, in the memory of this thread: its answers come at once. */
export class MemoryQueueStore extends SqliteQueueStore {
  constructor() {
    super(new MemorySqlite(), pino({ level: 'silent' }));
  }
}
