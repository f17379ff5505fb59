import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { SqliteStoreClock } from './sqlite-store-clock.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('the clock of the embedded store', () => {
  let clock: ManualClock;
  let lines: { readonly msg: string; readonly aheadS: number }[];
  let storeClock: SqliteStoreClock;

  beforeEach(() => {
    clock = new ManualClock();
    lines = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    storeClock = new SqliteStoreClock(clock, log);
  });

  it.each([-4 * DAY_MS, -HOUR_MS, HOUR_MS, 3 * DAY_MS])(
    'follows this machine’s when that steps by %d ms',
    (ms) => {
      clock.step(ms);
      expect(storeClock.nowMs()).toBe(clock.nowMs());
      expect(lines).toEqual([]);
    },
  );

  describe('after a jump of four days', () => {
    let beforeMs: number;

    beforeEach(() => {
      beforeMs = storeClock.nowMs();
      clock.step(4 * DAY_MS);
    });

    it('goes on as if there had been none, which is logged once', async () => {
      expect(storeClock.nowMs()).toBe(beforeMs);
      await clock.advance(5 * DAY_MS);
      expect(storeClock.nowMs()).toBe(beforeMs + 5 * DAY_MS);
      expect(lines).toMatchObject([{ msg: 'store.clock_jumped', aheadS: (4 * DAY_MS) / 1_000 }]);
    });

    it('follows it once WeCom has confirmed the time', () => {
      storeClock.confirm(beforeMs);
      expect(storeClock.nowMs()).toBe(beforeMs);
      storeClock.confirm(clock.nowMs() - HOUR_MS / 2);
      expect(storeClock.nowMs()).toBe(clock.nowMs());
    });

    it('follows it when it is set right', () => {
      expect(storeClock.nowMs()).toBe(beforeMs);
      clock.step(-4 * DAY_MS + 5);
      expect(storeClock.nowMs()).toBe(beforeMs + 5);
    });
  });
});
