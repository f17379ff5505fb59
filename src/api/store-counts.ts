import { Injectable } from '@nestjs/common';
import { HintCounts } from '../dispatch/outbox/hint-counts.js';
import type { OutboxCounts } from '../dispatch/outbox/outbox.js';
import { MessageCounts } from '../messages/message-counts.js';
import type { MessageCounts as CountedMessages } from '../messages/message-store.js';

/** Pages poll every replica, so a database counts no more often than this. */
const COUNT_AGE_MS_MAX = 2_000;

/** What waits and is dead in the whole store. `null` where the store does not answer. */
@Injectable()
export class StoreCounts {
  constructor(
    private readonly hints: HintCounts,
    private readonly messages: MessageCounts,
  ) {}

  latest(): Promise<[hints: OutboxCounts | null, messages: CountedMessages | null]> {
    return Promise.all([this.hints.latest(COUNT_AGE_MS_MAX), this.messages.latest(COUNT_AGE_MS_MAX)]);
  }
}
