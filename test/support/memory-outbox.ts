import { Outbox } from '../../src/dispatch/outbox/outbox.js';
import { MemoryQueueStore } from './memory-queue.js';
import { ManualClock } from './manual-clock.js';

/** What waits in it is lost with the test. */
export class MemoryOutbox extends Outbox {
  constructor(store = new MemoryQueueStore()) {
    super(store, new ManualClock());
  }
}
