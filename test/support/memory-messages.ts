/** Messages in memory; what they say is sealed as everywhere. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Sealer } from '../../src/crypto/sealer.js';
import { lineKey } from '../../src/storage/queue/line.js';
import { MemoryQueueStore } from './memory-queue.js';
import { Secret } from '../../src/kernel/secret.js';
import { MessageContents } from '../../src/queue/message-contents.js';
import { Pulls } from '../../src/messages/queue/pulls.js';
import { MessageQueue } from '../../src/queue/message-queue.js';
import { MemoryRecords } from './memory-records.js';
import { newSecretsKey } from './place.js';

/** As the end of the process that has them leaves them. */
export async function lapseLeases(store: MemoryQueueStore): Promise<void> {
  const all = { states: ['waiting'], corpId: null } as const;
  for (const head of await store.list('messages', all, null, 100, 'account')) {
    const kept = await store.find(lineKey('messages', head));
    if (kept === null || kept.line.lease === null) continue;
    // With another id: what is left of that process in this one renews nothing.
    const line = { ...kept.line, lease: { id: randomUUID(), untilMs: 0 }, dueAtMs: 0 };
    await store.write(kept, { line, revision: randomUUID() });
  }
}

const sealer = new Sealer([new Secret(newSecretsKey())]);

export class MemoryMessageQueue extends MessageQueue {
  readonly pulls: Pulls;

  constructor(store = new MemoryQueueStore(), records = new MemoryRecords()) {
    super(store, new MessageContents(sealer, pino({ level: 'silent' })));
    this.pulls = new Pulls(store, this, records);
  }
}
