import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { AppError } from '../../kernel/app-error.js';
import { HintCounts } from './hint-counts.js';
import { MemoryOutbox } from '../../../test/support/memory-outbox.js';
import type { OutboxCounts } from './outbox.js';

class AskedOutbox extends MemoryOutbox {
  asked = 0;
  answer: () => Promise<OutboxCounts> = () => super.counts();

  override counts(): Promise<OutboxCounts> {
    this.asked++;
    return this.answer();
  }
}

let clock: ManualClock;
let outbox: AskedOutbox;
let hints: HintCounts;

beforeEach(() => {
  clock = new ManualClock();
  outbox = new AskedOutbox();
  hints = new HintCounts(outbox, clock);
});

it('counts once for all who ask while it counts', async () => {
  const counts = await Promise.all([hints.latest(), hints.latest(2_000), hints.latest()]);
  expect(counts[0]).toMatchObject({ waiting: 0 });
  expect(outbox.asked).toBe(1);
  await hints.latest();
  expect(outbox.asked).toBe(2);
});

it('gives an earlier count to who is content with it, for as long as he is', async () => {
  await hints.latest();
  await clock.advance(1_999);
  await hints.latest(2_000);
  expect(outbox.asked).toBe(1);
  await clock.advance(1);
  await hints.latest(2_000);
  expect(outbox.asked).toBe(2);
});

it('gives null while the store does not answer, and counts again after it', async () => {
  outbox.answer = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
  expect(await hints.latest()).toBeNull();
  const none = { parked: 0, dead: 0, unreadable: 0, oldestParkedAtMs: null };
  outbox.answer = async () => ({ ...none, waiting: 1, oldestWaitingAtMs: 1 });
  expect(await hints.latest()).toMatchObject({ waiting: 1 });
});
