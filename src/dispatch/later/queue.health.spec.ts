import { HealthIndicatorService } from '@nestjs/terminus';
import { expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { HintKeeper } from './hint-keeper.js';
import type { EventQueue } from '../../queue/event-queue.js';
import { QueueHealthIndicator } from './queue.health.js';
import type { HintCounts } from '../../queue/event.js';

it('counts what waits every 5 s at most, however often it is asked', async () => {
  const clock = new ManualClock();
  let counted = 0;
  const counts: HintCounts = {
    waiting: 1,
    parked: 0,
    paused: 0,
    dead: 0,
    unreadable: 0,
    oldestWaitingAtMs: clock.nowMs() - 1_000,
    oldestParkedAtMs: null,
  };
  const count = async (): Promise<HintCounts> => {
    counted++;
    return counts;
  };
  const outbox = { counts: count } as EventQueue;
  const health = new QueueHealthIndicator(
    new HealthIndicatorService(),
    { isFailing: false } as HintKeeper,
    { nowMs: () => clock.nowMs() } as StoreClock,
    outbox,
    clock,
  );
  for (let n = 0; n < 10; n++)
    expect(await health.isHealthy()).toMatchObject({
      outbox: { status: 'up', waiting: 1, oldestWaitingMs: 1_000 },
    });
  expect(counted).toBe(1);
  await clock.advance(5_001);
  await health.isHealthy();
  expect(counted).toBe(2);
});
