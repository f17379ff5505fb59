import { expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { AppError } from '../../kernel/app-error.js';
import { StorageProbe } from '../../storage/store/storage-probe.js';
import { StoreCounts } from './store-counts.js';

class CountedProbe extends StorageProbe {
  override readonly kind = 'embedded';
  isAway = false;
  checks = 0;

  override async check(): Promise<void> {
    this.checks++;
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
  }
}

it('has the store checked once for all who ask within two seconds', async () => {
  const [probe, clock] = [new CountedProbe(), new ManualClock()];
  const counts = new StoreCounts(null as never, probe, clock);
  expect(await Promise.all([counts.isUp(), counts.isUp()])).toEqual([true, true]);
  probe.isAway = true;
  await clock.advance(1_999);
  expect([await counts.isUp(), probe.checks]).toEqual([true, 1]);
  await clock.advance(1);
  expect([await counts.isUp(), probe.checks]).toEqual([false, 2]);
});
