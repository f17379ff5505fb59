import { Injectable } from '@nestjs/common';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import type { HintCounts } from '../../queue/event.js';
import type { EntryCounts } from '../../storage/queue/entry.js';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { StorageProbe } from '../../storage/store/storage-probe.js';

/** For how long the counts, and the check of the store, are shared: each open page asks. */
const AGE_MS_MAX = 2_000;
const PROBE_LIMIT_MS = 1_000;

/** Whether the store answers, and what waits and is dead in it. */
@Injectable()
export class StoreCounts {
  readonly #isUp: Recent<boolean>;

  constructor(
    private readonly counts: QueueCounts,
    private readonly storage: StorageProbe,
    clock: Clock,
  ) {
    this.#isUp = new Recent(clock, async () => {
      const check = storage.check().then(
        () => true,
        () => false,
      );
      return (await answerInTime(PROBE_LIMIT_MS, 'probe', check)) ?? false;
    });
  }

  get kind(): StorageProbe['kind'] {
    return this.storage.kind;
  }

  isUp(): Promise<boolean> {
    return this.#isUp.latest(AGE_MS_MAX);
  }

  /** Counts of the whole store; `null` when it does not answer. */
  latest(): Promise<[hints: HintCounts | null, messages: EntryCounts | null]> {
    return Promise.all([this.counts.hints(AGE_MS_MAX), this.counts.messages(AGE_MS_MAX)]);
  }
}
