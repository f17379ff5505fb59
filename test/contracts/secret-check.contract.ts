import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import { secretIdOf } from '../../src/kernel/secret-id.js';
import type { SecretCheck } from '../../src/registry/puppets/secret-check.js';

/** A check, and what WeCom says to it from now on. */
export interface OpenedCheck {
  readonly secrets: SecretCheck;
  wecom(does: 'accept' | 'refuse' | 'break off'): void;
  close(): Promise<void>;
}

/** The promises of `SecretCheck`, for the real one and the fake of it. */
export function secretCheckContract(open: () => Promise<OpenedCheck>): void {
  describe('a check of secrets', () => {
    const corpSecret = new Secret('the-secret');
    let opened: OpenedCheck;
    let told: [string, string][];

    beforeEach(async () => {
      opened = await open();
      told = [];
      opened.secrets.onAccepted((corpId, secretId) => told.push([corpId, secretId]));
    });

    afterEach(() => opened.close());

    const check = (corpId = 'wwCorp_1') =>
      opened.secrets.check({ corpId, corpSecret, from: '10.0.0.1' }, 5_000);

    it('says that a secret is accepted, and tells its id', async () => {
      opened.wecom('accept');
      expect(await check()).toBe('accepted');
      expect(told).toEqual([['wwCorp_1', secretIdOf('wwCorp_1', corpSecret)]]);
    });

    it('says that one is refused, and tells nothing', async () => {
      opened.wecom('refuse');
      expect(await check()).toBe('refused');
      expect(told).toEqual([]);
    });

    it('says why it does not know, and when to ask again', async () => {
      opened.wecom('break off');
      expect(await check()).toEqual({ unknown: expect.any(String), retryAfterS: expect.any(Number) });
      expect(told).toEqual([]);
      opened.wecom('accept');
      expect(await check()).toBe('accepted');
    });

    it('knows one corp’s secret from another’s', async () => {
      opened.wecom('accept');
      await check();
      opened.wecom('refuse');
      expect(await check('wwCorp_2')).toBe('refused');
    });
  });
}
