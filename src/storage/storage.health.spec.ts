import { HealthIndicatorService } from '@nestjs/terminus';
import { expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { StorageHealthIndicator } from './storage.health.js';
import type { StorageProbe } from './store/storage-probe.js';

it('asks the store every 5 s at most, however often it is asked itself', async () => {
  const clock = new ManualClock();
  let asked = 0;
  let isAway = false;
  const probe: StorageProbe = {
    kind: 'embedded',
    room: () => 'enough',
    check: async () => {
      asked++;
      if (isAway) throw new Error('away');
    },
  };
  const health = new StorageHealthIndicator(new HealthIndicatorService(), probe, clock);
  for (let n = 0; n < 10; n++)
    expect(await health.isHealthy()).toEqual({ storage: { status: 'up', kind: 'embedded' } });
  expect(asked).toBe(1);
  isAway = true;
  await clock.advance(5_001);
  for (let n = 0; n < 10; n++)
    expect(await health.isHealthy()).toEqual({
      storage: { status: 'down', kind: 'embedded', message: expect.stringContaining('does not answer') },
    });
  expect(asked).toBe(2);
});
