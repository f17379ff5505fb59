import { expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { AppError } from '../../kernel/app-error.js';
import { type DiskRoom, StorageProbe } from '../../storage/store/storage-probe.js';
import { StoreCounts } from './store-counts.js';

class CountedProbe extends StorageProbe {
  override readonly kind = 'embedded';
  isAway = false;
  checks = 0;
  isRoom: DiskRoom = 'enough';

  override async check(): Promise<void> {
    this.checks++;
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
  }

  override room(): DiskRoom {
    return this.isRoom;
  }
}

it('has the store checked once for all who ask within two seconds', async () => {
  const [probe, clock] = [new CountedProbe(), new ManualClock()];
  const counts = new StoreCounts(null as never, probe, clock, clock);
  const isUp = async () => (await counts.state()).isUp;
  expect(await Promise.all([isUp(), isUp()])).toEqual([true, true]);
  probe.isAway = true;
  await clock.advance(1_999);
  expect([await isUp(), probe.checks]).toEqual([true, 1]);
  await clock.advance(1);
  expect([await isUp(), probe.checks]).toEqual([false, 2]);
});

it('knows since when the disk has too little room, for as long as that is so', async () => {
  const [probe, clock] = [new CountedProbe(), new ManualClock()];
  const counts = new StoreCounts(null as never, probe, clock, clock);
  expect(await counts.state()).toEqual({ isUp: true, room: 'enough', sinceMs: null });
  probe.isRoom = 'low';
  await clock.advance(2_000);
  const sinceMs = clock.nowMs();
  expect(await counts.state()).toMatchObject({ room: 'low', sinceMs });
  await clock.advance(2_000);
  expect(await counts.state()).toMatchObject({ room: 'low', sinceMs });
  probe.isRoom = 'full';
  await clock.advance(2_000);
  expect(await counts.state()).toMatchObject({ room: 'full', sinceMs: sinceMs + 4_000 });
  probe.isRoom = 'enough';
  await clock.advance(2_000);
  expect(await counts.state()).toMatchObject({ sinceMs: null });
});
