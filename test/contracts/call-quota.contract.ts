import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallLimit, CallQuota } from '../../src/wecom/proxy/call-quota.js';

export interface OpenedQuota {
  /** All on one count, as replicas are; one, where a process counts for itself. */
  readonly quotas: readonly [CallQuota, ...CallQuota[]];
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const MINUTE: CallLimit = { name: 'minute', max: 20, windowMs: 60_000 };

/** The promises of `CallQuota`, for every adapter. */
export function callQuotaContract(open: () => Promise<OpenedQuota>): void {
  describe('a quota of calls', () => {
    let opened: OpenedQuota;
    const take = (key = 'wwCorp_1', limit = MINUTE, n = 0) => {
      const { quotas } = opened;
      return (quotas[n % quotas.length] ?? quotas[0]).take(key, limit);
    };
    const takeAtOnce = (count: number, key?: string, limit?: CallLimit) =>
      Promise.all(Array.from({ length: count }, (_, n) => take(key, limit, n)));
    const grantedOf = (answers: readonly (number | null)[]) =>
      answers.filter((answer) => answer === null).length;

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(() => opened.close());

    it('grants as many as it says, one after the other, and no more', async () => {
      for (let n = 0; n < MINUTE.max; n++) expect(await take('wwCorp_1', MINUTE, n)).toBeNull();
      for (let n = 0; n < 4; n++) expect(await take('wwCorp_1', MINUTE, n)).not.toBeNull();
    });

    it.each([1, 130])('grants %i of 300 that ask at once', async (max) => {
      const answers = await takeAtOnce(300, 'wwCorp_1', { ...MINUTE, max });
      expect(grantedOf(answers)).toBe(max);
      for (const waitMs of answers.filter((answer) => answer !== null)) {
        expect(waitMs).toBeGreaterThanOrEqual(1);
        expect(waitMs).toBeLessThanOrEqual(MINUTE.windowMs);
      }
    });

    it('says to the millisecond how long to wait, however often it is asked', async () => {
      await takeAtOnce(MINUTE.max);
      const waitMs = (await take()) ?? 0;
      await opened.advance(waitMs - 1);
      expect(await takeAtOnce(50)).toEqual(Array(50).fill(1));
      await opened.advance(1);
      expect(await take()).toBeNull();
    });

    it('grants as many again in the next window, whatever was refused before', async () => {
      for (let window = 0; window < 3; window++) {
        expect(grantedOf(await takeAtOnce(60))).toBe(MINUTE.max);
        await opened.advance((await take()) ?? 0);
      }
    });

    it('lets nothing over into the next window that was not used', async () => {
      await takeAtOnce(3);
      await opened.advance(MINUTE.windowMs);
      expect(grantedOf(await takeAtOnce(60))).toBe(MINUTE.max);
    });

    it('counts each key for itself', async () => {
      const keys = [
        'wwCorp_1',
        'wwCorp_1 kf/sync_msg',
        'wwCorp_1/kf',
        '',
        ' ',
        '__proto__',
        '$inc',
        'ö\u0000',
      ];
      for (const key of keys) expect(grantedOf(await takeAtOnce(25, key))).toBe(MINUTE.max);
    });

    it('counts each limit for itself', async () => {
      const hour: CallLimit = { name: 'hour', max: 30, windowMs: 3_600_000 };
      expect(grantedOf(await takeAtOnce(60))).toBe(20);
      expect(grantedOf(await takeAtOnce(60, 'wwCorp_1', hour))).toBe(30);
      await opened.advance((await take()) ?? 0);
      expect(await take()).toBeNull();
      expect(await take('wwCorp_1', hour)).toBeGreaterThan(MINUTE.windowMs);
    });
  });
}
