/** What waits, as the application keeps it, on an opened store. */
import type { TestMessages } from './messages.js';
import { pino } from 'pino';
import { Sealer } from '../../src/crypto/sealer.js';
import { EventQueue } from '../../src/queue/event-queue.js';
import { QueueStore } from '../../src/storage/queue/queue-store.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { MessageContents } from '../../src/queue/message-contents.js';
import { Pulls } from '../../src/messages/queue/pulls.js';
import { MessageQueue } from '../../src/queue/message-queue.js';
import { RecordStore } from '../../src/storage/records/records.js';
import type { OpenedStore } from './stores.js';

export function eventsOf({ get }: Pick<OpenedStore, 'get'>): EventQueue {
  return new EventQueue(get(QueueStore), new SystemClock());
}

/** @param queue in place of the one of the store. */
export function messagesOf(
  { get }: Pick<OpenedStore, 'get'>,
  queue = get(QueueStore),
  records = get(RecordStore),
): TestMessages {
  const messages = new MessageQueue(queue, new MessageContents(get(Sealer), pino({ level: 'silent' })));
  return Object.assign(messages, { pulls: new Pulls(queue, messages, records) });
}
