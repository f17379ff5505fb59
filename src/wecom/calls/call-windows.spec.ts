import { beforeEach, describe, expect, it } from '@jest/globals';
import { CallWindows } from './call-windows.js';

const MINUTE = { name: 'minute', max: 10, windowMs: 60_000 };
const HOUR = { name: 'hour', max: 10, windowMs: 3_600_000 };
const NOON_MS = Date.UTC(2026, 0, 2, 12);

describe('the windows of a quota', () => {
  let windows: CallWindows;

  beforeEach(() => {
    windows = new CallWindows();
  });

  const shareAt = (nowMs: number, limit = MINUTE, key = 'key') => windows.at(nowMs, limit).shareOf(key);

  it('begin and end where the time is a multiple of their length', () => {
    expect(windows.at(NOON_MS + 61_000, MINUTE)).toMatchObject({
      startMs: NOON_MS + 60_000,
      endMs: NOON_MS + 120_000,
    });
    expect(windows.at(NOON_MS + 61_000, HOUR)).toMatchObject({
      startMs: NOON_MS,
      endMs: NOON_MS + 3_600_000,
    });
  });

  it('know a key until they end', () => {
    const share = shareAt(NOON_MS);
    expect(shareAt(NOON_MS + 59_999)).toBe(share);
    expect(shareAt(NOON_MS, MINUTE, 'other')).not.toBe(share);
    expect(shareAt(NOON_MS, HOUR)).not.toBe(share);
    expect(shareAt(NOON_MS + 60_000)).not.toBe(share);
  });

  it('forget all keys of a window that is over', () => {
    for (let n = 0; n < 1_000; n++) shareAt(NOON_MS, MINUTE, `key ${n}`);
    expect(windows.size).toBe(1_000);
    shareAt(NOON_MS + 60_000);
    expect(windows.size).toBe(1);
  });

  it('forget those of a limit that is not asked for any more, and keep those of a window that runs', () => {
    const share = shareAt(NOON_MS, HOUR);
    for (let n = 0; n < 10; n++) shareAt(NOON_MS, { ...MINUTE, name: 'unused' }, `key ${n}`);
    shareAt(NOON_MS + 60_000);
    expect(windows.size).toBe(2);
    expect(shareAt(NOON_MS + 60_000, HOUR)).toBe(share);
  });
});
