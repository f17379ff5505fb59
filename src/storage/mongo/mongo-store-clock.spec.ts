import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MongoStoreClock } from './mongo-store-clock.js';

const SERVER_MS = Date.UTC(2030, 0, 1);

describe('the clock of a MongoDB', () => {
  let clock: ManualClock;
  let storeClock: MongoStoreClock;

  beforeEach(() => {
    clock = new ManualClock();
    storeClock = new MongoStoreClock(clock);
  });

  async function measure(serverMs: number, roundTripMs: number): Promise<void> {
    const askedMs = clock.elapsedMs();
    await clock.advance(roundTripMs);
    storeClock.set(serverMs, askedMs);
  }

  it('is this process’s own until the server was asked', () => {
    expect(storeClock.nowMs()).toBe(clock.nowMs());
  });

  it('is the server’s at the middle of the round trip, and goes on from there', async () => {
    await measure(SERVER_MS, 40);
    expect(storeClock.nowMs()).toBe(SERVER_MS + 20);
    await clock.advance(1_980);
    expect(storeClock.nowMs()).toBe(SERVER_MS + 2_000);
  });

  it('takes a slow answer only as the first', async () => {
    await measure(SERVER_MS, 4_000);
    expect(storeClock.nowMs()).toBe(SERVER_MS + 2_000);
    await measure(SERVER_MS + 99_999, 501);
    expect(storeClock.nowMs()).toBe(SERVER_MS + 2_501);
    await measure(SERVER_MS + 9_000, 500);
    expect(storeClock.nowMs()).toBe(SERVER_MS + 9_250);
  });

  it('passes over an answer without a time', async () => {
    await measure(SERVER_MS, 0);
    await measure(Number.NaN, 0);
    expect(storeClock.nowMs()).toBe(SERVER_MS);
  });
});
