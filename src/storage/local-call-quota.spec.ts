import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { LocalCallQuota } from './local-call-quota.js';

const MINUTE = { name: 'minute', max: 1, windowMs: 60_000 };

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});

afterEach(() => {
  jest.useRealTimers();
});

it('lets nobody wait for longer than a window when the clock is set back', async () => {
  const quota = new LocalCallQuota();
  expect(await quota.take('key', MINUTE)).toBeNull();
  jest.setSystemTime(Date.now() - 3_600_000);
  expect(await quota.take('key', MINUTE)).toBe(60_000);
  jest.advanceTimersByTime(60_000);
  expect(await quota.take('key', MINUTE)).toBeNull();
});
