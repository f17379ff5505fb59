import { EventQueue } from '../../src/queue/event-queue.js';
import { MemoryQueueStore } from './memory-queue.js';
import { ManualClock } from './manual-clock.js';

/** What waits in it is lost with the test. */
export class MemoryEventQueue extends EventQueue {
  constructor(store = new MemoryQueueStore()) {
    super(store, new ManualClock());
  }
}
