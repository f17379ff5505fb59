import { Injectable } from '@nestjs/common';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import type { HintCounts } from '../../queue/event.js';
import type { EntryCounts } from '../../storage/queue/entry.js';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type DiskRoom, StorageProbe } from '../../storage/store/storage-probe.js';

/** For how long the counts, and the check of the store, are shared: each open page asks. */
const AGE_MS_MAX = 2_000;
const PROBE_LIMIT_MS = 1_000;

/** Whether the store answers and its disk has room, and since when it is so. */
export interface StorageState {
  readonly isUp: boolean;
  readonly room: DiskRoom;
  /** When this process found it so, store time; `null` while all is well. */
  readonly sinceMs: number | null;
}

/** Whether the store answers, and what waits and is dead in it. */
@Injectable()
export class StoreCounts {
  readonly #state: Recent<StorageState>;
  #last: StorageState = { isUp: true, room: 'enough', sinceMs: null };

  constructor(
    private readonly counts: QueueCounts,
    private readonly storage: StorageProbe,
    clock: Clock,
    private readonly storeClock: StoreClock,
  ) {
    this.#state = new Recent(clock, async () => {
      this.#last = this.#since(await this.#probe());
      return this.#last;
    });
  }

  get kind(): StorageProbe['kind'] {
    return this.storage.kind;
  }

  state(): Promise<StorageState> {
    return this.#state.latest(AGE_MS_MAX);
  }

  /** Counts of the whole store; `null` when it does not answer. */
  latest(): Promise<[hints: HintCounts | null, messages: EntryCounts | null]> {
    return Promise.all([this.counts.hints(AGE_MS_MAX), this.counts.messages(AGE_MS_MAX)]);
  }

  async #probe(): Promise<Omit<StorageState, 'sinceMs'>> {
    const check = this.storage.check().then(
      () => true,
      () => false,
    );
    const isUp = (await answerInTime(PROBE_LIMIT_MS, 'probe', check)) ?? false;
    try {
      return { isUp, room: this.storage.room() };
    } catch {
      // The folder is gone, which the check says too.
      return { isUp, room: 'enough' };
    }
  }

  #since({ isUp, room }: Omit<StorageState, 'sinceMs'>): StorageState {
    if (isUp && room === 'enough') return { isUp, room, sinceMs: null };
    const isAsBefore = isUp === this.#last.isUp && room === this.#last.room;
    return { isUp, room, sinceMs: isAsBefore ? this.#last.sinceMs : this.storeClock.nowMs() };
  }
}
