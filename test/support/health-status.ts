import { expect } from '@jest/globals';

declare module 'expect' {
  interface AsymmetricMatchers {
    toBeHealthStatus(): void;
  }
}

expect.extend({
  toBeHealthStatus: (status: unknown) => ({
    pass: status === 200 || status === 503,
    message: () => `${String(status)} is neither 200 nor 503`,
  }),
});

/**
 * The status of `/health` in tests of something else. Other tests on the same machine may delay the event loop, which
 * `/health` reports as 503.
 */
export const HEALTH_STATUS = expect.toBeHealthStatus();
