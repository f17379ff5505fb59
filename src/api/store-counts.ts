import { Injectable } from '@nestjs/common';
import { HintCounts } from '../dispatch/outbox/hint-counts.js';
import type { OutboxCounts } from '../dispatch/outbox/outbox.js';
import { AppError } from '../kernel/app-error.js';
import { withinDeadline } from '../kernel/deadline.js';
import { MessageCounts } from '../messages/message-counts.js';
import type { MessageCounts as CountedMessages } from '../dispatch/queue/queue-store.js';
import { StorageProbe } from '../storage/storage-probe.js';

/** Pages poll every replica, so a database counts no more often than this. */
const COUNT_AGE_MS_MAX = 2_000;
const PROBE_LIMIT_MS = 1_000;

/** Whether the store answers, and what waits and is dead in it. */
@Injectable()
export class StoreCounts {
  constructor(
    private readonly hints: HintCounts,
    private readonly messages: MessageCounts,
    private readonly storage: StorageProbe,
  ) {}

  get kind(): StorageProbe['kind'] {
    return this.storage.kind;
  }

  async isUp(): Promise<boolean> {
    try {
      await withinDeadline(PROBE_LIMIT_MS, 'probe', this.storage.check());
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  /** Of the whole store; `null` where it does not answer. */
  latest(): Promise<[hints: OutboxCounts | null, messages: CountedMessages | null]> {
    return Promise.all([this.hints.latest(COUNT_AGE_MS_MAX), this.messages.latest(COUNT_AGE_MS_MAX)]);
  }
}
