import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ResyncBudget } from '../../src/dispatch/redelivery/resync-budget.js';

export interface OpenedBudget {
  readonly budget: ResyncBudget;
  reopen(): Promise<OpenedBudget>;
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The promises of `ResyncBudget`, for every adapter. */
export function resyncBudgetContract(open: () => Promise<OpenedBudget>): void {
  describe('a resync budget', () => {
    let opened: OpenedBudget;
    const take = (nowMs = NOW_MS, corpId = 'wwCorp_1') => opened.budget.take(corpId, nowMs);

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(() => opened.close());

    it('grants 6 in any minute, and says when there is room again', async () => {
      for (let n = 0; n < 6; n++) expect(await take(NOW_MS + n * 1_000)).toBeNull();
      expect(await take(NOW_MS + 6_000)).toBe(NOW_MS + 60_000);
      expect(await take(NOW_MS + 59_999)).toBe(NOW_MS + 60_000);
      expect(await take(NOW_MS + 60_000)).toBeNull();
      expect(await take(NOW_MS + 60_000)).toBe(NOW_MS + 61_000);
    });

    it('grants some fewer to those who leave the rest to others', async () => {
      const takeSome = (nowMs: number) => opened.budget.take('wwCorp_1', nowMs, 4);
      for (let n = 0; n < 4; n++) expect(await takeSome(NOW_MS + n)).toBeNull();
      expect(await takeSome(NOW_MS + 4)).toBe(NOW_MS + 60_000);
      expect(await take(NOW_MS + 4)).toBeNull();
      expect(await takeSome(NOW_MS + 5)).toBe(NOW_MS + 60_001);
      expect(await take(NOW_MS + 5)).toBeNull();
      expect(await take(NOW_MS + 6)).toBe(NOW_MS + 60_000);
    });

    it('grants no more to many that ask at once', async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => take()));
      expect(answers.filter((answer) => answer === null)).toHaveLength(6);
    });

    it('counts each corp for itself', async () => {
      for (let n = 0; n < 6; n++) await take();
      expect(await take(NOW_MS, 'wwOther')).toBeNull();
    });

    it('takes back what was not used', async () => {
      for (let n = 0; n < 6; n++) await take(NOW_MS + n);
      await opened.budget.giveBack('wwCorp_1', NOW_MS + 3);
      expect(await take(NOW_MS + 6)).toBeNull();
      expect(await take(NOW_MS + 7)).toBe(NOW_MS + 60_000);
    });

    it('takes back one of several of the same millisecond', async () => {
      for (let n = 0; n < 6; n++) await take();
      await opened.budget.giveBack('wwCorp_1', NOW_MS);
      expect(await take()).toBeNull();
      expect(await take()).not.toBeNull();
    });

    it('is not forgotten by a restart', async () => {
      for (let n = 0; n < 6; n++) await take();
      opened = await opened.reopen();
      expect(await take()).toBe(NOW_MS + 60_000);
    });

    it('may be given back what was never taken', async () => {
      await opened.budget.giveBack('wwNobody', NOW_MS);
      expect(await take(NOW_MS, 'wwNobody')).toBeNull();
    });
  });
}
