import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Counters } from '../../src/storage/counters/counters.js';

export interface OpenedCounters {
  /** All on one store, as replicas are. */
  readonly counters: readonly [Counters, ...Counters[]];
  reopen(): Promise<OpenedCounters>;
  close(): Promise<void>;
}

/** A database removes what was kept until a time that is over. */
const NOW_MS = Date.now();
const MINUTE_MS = 60_000;
const LIMIT = { key: 'wwCorp_1', max: 6, windowMs: MINUTE_MS };

/** The promises of `Counters`, for every adapter. */
export function countersContract(open: () => Promise<OpenedCounters>): void {
  describe('counters', () => {
    let opened: OpenedCounters;
    let asked = 0;
    const next = () => opened.counters[asked++ % opened.counters.length] ?? opened.counters[0];
    const take = async (nowMs = NOW_MS, limit = LIMIT) => (await next().take(limit, nowMs)).retryAtMs;
    const takeSome = async (amount: number, nowMs = NOW_MS, limit = LIMIT) =>
      (await next().take(limit, nowMs, amount)).count;

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(() => opened.close());

    it('count 6 in any minute, and say when there is room again', async () => {
      for (let n = 0; n < 6; n++) expect(await take(NOW_MS + n * 1_000)).toBeNull();
      expect(await take(NOW_MS + 6_000)).toBe(NOW_MS + 60_000);
      expect(await take(NOW_MS + 59_999)).toBe(NOW_MS + 60_000);
      expect(await take(NOW_MS + 60_000)).toBeNull();
      expect(await take(NOW_MS + 60_000)).toBe(NOW_MS + 61_000);
    });

    it('count some fewer for those who leave the rest to others', async () => {
      const takeFewer = (nowMs: number) => take(nowMs, { ...LIMIT, max: 4 });
      for (let n = 0; n < 4; n++) expect(await takeFewer(NOW_MS + n)).toBeNull();
      expect(await takeFewer(NOW_MS + 4)).toBe(NOW_MS + 60_000);
      expect(await take(NOW_MS + 4)).toBeNull();
      expect(await takeFewer(NOW_MS + 5)).toBe(NOW_MS + 60_001);
      expect(await take(NOW_MS + 5)).toBeNull();
      expect(await take(NOW_MS + 6)).toBe(NOW_MS + 60_000);
    });

    it('count no more for many that ask at once', async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => take()));
      expect(answers.filter((answer) => answer === null)).toHaveLength(6);
    });

    it('count many at once, as far as there is room', async () => {
      expect(await takeSome(4)).toBe(4);
      expect(await takeSome(4)).toBe(2);
      expect(await takeSome(4)).toBe(0);
    });

    it('count in fixed windows for those who give the beginning of theirs', async () => {
      for (const startMs of [NOW_MS, NOW_MS + MINUTE_MS, NOW_MS + 2 * MINUTE_MS]) {
        const counts = await Promise.all(Array.from({ length: 5 }, () => takeSome(2, startMs)));
        expect(counts.reduce((sum, count) => sum + count)).toBe(6);
      }
    });

    it('count each key for itself', async () => {
      const keys = ['wwOther', 'wwcorp_1', 'wwCorp_1 kf/sync_msg', '', ' ', '__proto__', '$inc', 'ö\u0000'];
      for (const key of [LIMIT.key, ...keys]) expect(await takeSome(7, NOW_MS, { ...LIMIT, key })).toBe(6);
    });

    it('take back what was not used', async () => {
      for (let n = 0; n < 6; n++) await take(NOW_MS + n);
      await next().giveBack(LIMIT, NOW_MS + 3);
      expect(await take(NOW_MS + 6)).toBeNull();
      expect(await take(NOW_MS + 7)).toBe(NOW_MS + 60_000);
    });

    it('take back one of several of the same millisecond', async () => {
      for (let n = 0; n < 6; n++) await take();
      await next().giveBack(LIMIT, NOW_MS);
      expect(await take()).toBeNull();
      expect(await take()).not.toBeNull();
    });

    it('are not forgotten by a restart', async () => {
      for (let n = 0; n < 6; n++) await take();
      opened = await opened.reopen();
      expect(await take()).toBe(NOW_MS + 60_000);
    });

    it('take back what was never taken', async () => {
      await next().giveBack(LIMIT, NOW_MS);
      expect(await takeSome(7)).toBe(6);
    });
  });
}
