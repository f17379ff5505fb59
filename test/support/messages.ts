/** Messages as the puller gives them to a store. */
import { Secret } from '../../src/kernel/secret.js';
import type { NewMessage } from '../../src/queue/message.js';
import type { MessageQueue } from '../../src/queue/message-queue.js';
import type { PulledPage, Pulls } from '../../src/messages/queue/pulls.js';

export function newMessage(msgid: string, fields: Partial<NewMessage> = {}): NewMessage {
  return {
    msgid,
    type: 'text',
    origin: 3,
    lane: 'customer-1',
    skip: 0,
    isUrgent: false,
    isText: false,
    sentAtMs: Date.UTC(2026, 0, 2, 3, 4, 0),
    content: new Secret(`what ${msgid} says`),
    ...fields,
  };
}

export function pulledPage(messages: readonly NewMessage[], fields: Partial<PulledPage> = {}): PulledPage {
  return {
    appId: 'app-1',
    from: 'from-1',
    cursor: 'cursor-1',
    regime: 'bot-1',
    messages,
    skipped: [],
    endpoint: 'http://bot:8080',
    mergeMs: 0,
    withheldLanes: [],
    isLast: false,
    ...fields,
  };
}

/** Both sides of the queue of messages. */
export type TestMessages = MessageQueue & { readonly pulls: Pulls };
