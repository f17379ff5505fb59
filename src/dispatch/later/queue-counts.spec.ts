import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { AppError } from '../../kernel/app-error.js';
import type { LineKind } from '../../storage/queue/line.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import { QueueCounts } from './queue-counts.js';
import type { LineCount } from '../../storage/queue/queue-store.js';
import type { EntryCounts } from '../../storage/queue/entry.js';

class AskedStore extends MemoryQueueStore {
  asked = 0;
  isAway = false;

  override async count(kind: LineKind): Promise<readonly LineCount[]> {
    this.#ask();
    return super.count(kind);
  }

  override async countEntries(): Promise<EntryCounts> {
    this.#ask();
    return super.countEntries(null);
  }

  #ask(): void {
    this.asked++;
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
  }
}

let clock: ManualClock;
let store: AskedStore;
let counts: QueueCounts;

beforeEach(() => {
  clock = new ManualClock();
  store = new AskedStore();
  counts = new QueueCounts(store, clock, clock);
});

describe.each(['hints', 'messages'] as const)('%s', (what) => {
  it('are counted once for all who ask while they are counted', async () => {
    const all = await Promise.all([counts[what](), counts[what](2_000), counts[what]()]);
    expect(all[0]).toMatchObject({ waiting: 0 });
    expect(store.asked).toBe(1);
    await counts[what]();
    expect(store.asked).toBe(2);
  });

  it('are not counted again for who is content with an earlier count, for as long as he is', async () => {
    await counts[what]();
    await clock.advance(1_999);
    await counts[what](2_000);
    expect(store.asked).toBe(1);
    await clock.advance(1);
    await counts[what](2_000);
    expect(store.asked).toBe(2);
  });

  it('are null while the store does not answer, and counted again after it', async () => {
    store.isAway = true;
    expect(await counts[what]()).toBeNull();
    store.isAway = false;
    expect(await counts[what]()).toMatchObject({ waiting: 0 });
  });
});
