import { beforeEach, describe, expect, it } from '@jest/globals';
import { RecentAttempts, summaryOf } from './recent-attempts.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

let recent: RecentAttempts;

beforeEach(() => {
  recent = new RecentAttempts();
});

function note(durationsMs: readonly number[], nowMs = NOW_MS): void {
  for (const durationMs of durationsMs) recent.note(nowMs, true, durationMs);
}

const summaryAt = (nowMs: number) => summaryOf(recent.counts(nowMs));

describe('recent attempts', () => {
  it('are none at first', () => {
    expect(summaryAt(NOW_MS)).toEqual({ attempts: 0, taken: 0, p50Ms: null, p95Ms: null });
  });

  it('take memory only with the first one', () => {
    const before = process.memoryUsage().arrayBuffers;
    const many = Array.from({ length: 10_000 }, () => new RecentAttempts());
    expect(new Set(many.map((one) => one.counts(NOW_MS))).size).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000);
  });

  it('are those of one account alone', () => {
    const many = Array.from({ length: 1_000 }, () => new RecentAttempts());
    for (const [n, one] of many.entries()) for (let m = 0; m < n % 7; m++) one.note(NOW_MS, m > 0, 1);
    expect(many.map((one) => summaryOf(one.counts(NOW_MS)).attempts)).toEqual(many.map((_, n) => n % 7));
  });

  it('tell how long half and nearly all took, to within a bucket', () => {
    note(Array.from({ length: 90 }, () => 30));
    note(Array.from({ length: 10 }, () => 1_500));
    const { p50Ms, p95Ms } = summaryAt(NOW_MS);
    expect(p50Ms).toBeGreaterThan(20);
    expect(p50Ms).toBeLessThanOrEqual(50);
    expect(p95Ms).toBe(1_500);
  });

  it('count those that failed, which took no time of the bot', () => {
    note([4]);
    recent.note(NOW_MS, false, 5_000);
    expect(summaryAt(NOW_MS)).toMatchObject({ attempts: 2, taken: 1, p95Ms: 4.75 });
  });

  it('say of the slowest no more than is known', () => {
    note([90_000]);
    expect(summaryAt(NOW_MS)).toMatchObject({ p50Ms: 60_000, p95Ms: 60_000 });
  });

  it('are of the last hour', () => {
    note([1]);
    note([1], NOW_MS + 20 * MINUTE_MS);
    expect(summaryAt(NOW_MS + 44 * MINUTE_MS).taken).toBe(2);
    expect(summaryAt(NOW_MS + 61 * MINUTE_MS).taken).toBe(1);
    expect(summaryAt(NOW_MS + 24 * 60 * MINUTE_MS).taken).toBe(0);
    note([1], NOW_MS + 24 * 60 * MINUTE_MS);
    expect(summaryAt(NOW_MS + 24 * 60 * MINUTE_MS).taken).toBe(1);
  });

  it('count in the quarter of an hour in which they were, in whichever order they are noted', () => {
    note([1]);
    note([1], NOW_MS - 30 * MINUTE_MS);
    note([1], NOW_MS - 90 * MINUTE_MS);
    expect(summaryAt(NOW_MS).taken).toBe(2);
    expect(summaryAt(NOW_MS + 31 * MINUTE_MS).taken).toBe(1);
  });
});
