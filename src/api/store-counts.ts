import { Injectable } from '@nestjs/common';
import { HintCounts } from '../dispatch/outbox/hint-counts.js';
import type { OutboxCounts } from '../dispatch/outbox/outbox.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { withinDeadline } from '../kernel/deadline.js';
import { Recent } from '../kernel/recent.js';
import { MessageCounts } from '../messages/message-counts.js';
import type { MessageCounts as CountedMessages } from '../dispatch/queue/queue-store.js';
import { StorageProbe } from '../storage/storage-probe.js';

/** Pages poll every replica, so a store counts, and writes to show that it can, no more often than this. */
const AGE_MS_MAX = 2_000;
const PROBE_LIMIT_MS = 1_000;

/** Whether the store answers, and what waits and is dead in it. */
@Injectable()
export class StoreCounts {
  readonly #isUp: Recent<boolean>;

  constructor(
    private readonly hints: HintCounts,
    private readonly messages: MessageCounts,
    private readonly storage: StorageProbe,
    clock: Clock,
  ) {
    this.#isUp = new Recent(clock, () => this.#probe());
  }

  get kind(): StorageProbe['kind'] {
    return this.storage.kind;
  }

  isUp(): Promise<boolean> {
    return this.#isUp.latest(AGE_MS_MAX);
  }

  /** Of the whole store; `null` where it does not answer. */
  latest(): Promise<[hints: OutboxCounts | null, messages: CountedMessages | null]> {
    return Promise.all([this.hints.latest(AGE_MS_MAX), this.messages.latest(AGE_MS_MAX)]);
  }

  async #probe(): Promise<boolean> {
    try {
      await withinDeadline(PROBE_LIMIT_MS, 'probe', this.storage.check());
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }
}
