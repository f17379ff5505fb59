import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { AppError } from '../../kernel/app-error.js';
import { Counters, type CounterGrant } from '../../storage/counters/counters.js';
import { type CountTable, MemoryCounters } from '../../storage/counters/memory-counters.js';
import { CallQuota } from './call-quota.js';
import type { CallLimit } from './call-windows.js';

const MINUTE = { name: 'minute', max: 20, windowMs: 60_000 };
const HOUR = { name: 'hour', max: 1_000, windowMs: 3_600_000 };
const SMALL_MINUTE = { ...MINUTE, max: 5 };
const SMALL = { ...HOUR, max: 5 };
/** In the first third of a minute and of an hour. */
const START_MS = Date.UTC(2026, 0, 2, 12) + MINUTE.windowMs / 3;

/** A store that can be away, and tells what it was asked for. */
class WatchedCounters extends Counters {
  isAway = false;
  asked = 0;
  readonly #inner: Counters;

  constructor(table: CountTable) {
    super();
    this.#inner = new MemoryCounters(table);
  }

  override async take(...args: Parameters<Counters['take']>): Promise<CounterGrant> {
    this.asked++;
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    return this.#inner.take(...args);
  }

  override giveBack(...args: Parameters<Counters['giveBack']>): Promise<void> {
    return this.#inner.giveBack(...args);
  }

  protected override async change(): Promise<void> {}
}

let clock: ManualClock;
let table: CountTable;
let counters: WatchedCounters;
let lines: Record<string, unknown>[];
let quotas: CallQuota[];
let setBackMs: number;

beforeEach(() => {
  clock = new ManualClock(START_MS);
  table = new Map();
  counters = new WatchedCounters(table);
  lines = [];
  setBackMs = 0;
  quotas = [newQuota(), newQuota()];
});

/** As a replica has it. */
function newQuota(): CallQuota {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const storeClock = { nowMs: () => clock.nowMs() - setBackMs };
  return new CallQuota(counters, storeClock, clock, log);
}

const take = (key = 'wwCorp_1', limit: CallLimit = MINUTE, n = 0) =>
  quotas[n % quotas.length]?.take(key, limit);
const takeAtOnce = async (count: number, key?: string, limit?: CallLimit) =>
  Promise.all(Array.from({ length: count }, (_, n) => take(key, limit, n)));
const grantedOf = (answers: readonly unknown[]) => answers.filter((answer) => answer === null).length;
const countOf = (key = 'hour wwCorp_1') => table.get(key)?.counts.at(-1)?.count;

describe('two replicas', () => {
  it('grant as many as the limit says, one after the other, and no more', async () => {
    for (let n = 0; n < MINUTE.max; n++) expect(await take('wwCorp_1', MINUTE, n)).toBeNull();
    for (let n = 0; n < 4; n++) expect(await take('wwCorp_1', MINUTE, n)).not.toBeNull();
  });

  it.each([1, 130])('grant %i of 300 that ask at once', async (max) => {
    const answers = await takeAtOnce(300, 'wwCorp_1', { ...MINUTE, max });
    expect(grantedOf(answers)).toBe(max);
    for (const waitMs of answers.filter((answer) => answer !== null)) {
      expect(waitMs).toBeGreaterThanOrEqual(1);
      expect(waitMs).toBeLessThanOrEqual(MINUTE.windowMs);
    }
  });

  it('say to the millisecond how long to wait, however often they are asked', async () => {
    await takeAtOnce(MINUTE.max);
    const waitMs = (await take()) ?? 0;
    await clock.advance(waitMs - 1);
    expect(await takeAtOnce(50)).toEqual(Array(50).fill(1));
    await clock.advance(1);
    expect(await take()).toBeNull();
  });

  it('grant as many again in the next window, whatever was refused before', async () => {
    for (let window = 0; window < 3; window++) {
      expect(grantedOf(await takeAtOnce(60))).toBe(MINUTE.max);
      await clock.advance((await take()) ?? 0);
    }
  });

  it('let nothing over into the next window that was not used', async () => {
    await takeAtOnce(3);
    await clock.advance(MINUTE.windowMs);
    expect(grantedOf(await takeAtOnce(60))).toBe(MINUTE.max);
  });

  it('count each key and each limit for itself', async () => {
    const hour = { ...HOUR, max: 30 };
    for (const key of ['wwCorp_1', 'wwCorp_1 kf/sync_msg', '', ' ', '__proto__'])
      expect(grantedOf(await takeAtOnce(25, key))).toBe(MINUTE.max);
    expect(grantedOf(await takeAtOnce(60, 'wwCorp_1', hour))).toBe(30);
    await clock.advance((await take()) ?? 0);
    expect(await take()).toBeNull();
    expect(await take('wwCorp_1', hour)).toBeGreaterThan(MINUTE.windowMs);
  });
});

it('lets nobody wait for longer than a window when the clock is set back', async () => {
  const alone = { ...MINUTE, max: 1 };
  expect(await take('key', alone)).toBeNull();
  setBackMs = 3_600_000;
  expect(await take('key', alone)).toBeNull();
  expect(await take('key', alone)).toBe(40_000);
});

describe('a quota', () => {
  beforeEach(() => {
    quotas = [newQuota()];
  });

  it('asks once for a hundredth of the limit, also for many at once', async () => {
    expect(await takeAtOnce(10, 'wwCorp_1', HOUR)).toEqual(Array(10).fill(null));
    expect([counters.asked, countOf()]).toEqual([1, 10]);
    await take('wwCorp_1', HOUR);
    expect([counters.asked, countOf()]).toEqual([2, 20]);
  });

  it('is not used up by processes that are killed, each with the rest of its portion', async () => {
    const large = { ...HOUR, max: 1_000_000 };
    for (let kill = 0; kill < 200; kill++) {
      quotas = [newQuota()];
      expect(await take('wwCorp_1', large)).toBeNull();
    }
  });

  it('grants of the last portion what is left', async () => {
    const startMs = START_MS - (START_MS % HOUR.windowMs);
    await counters.take({ ...HOUR, key: 'hour wwCorp_1' }, startMs, 993);
    expect(grantedOf(await takeAtOnce(12, 'wwCorp_1', HOUR))).toBe(7);
  });

  it('does not ask again in a window that is spent, and waits for the next one', async () => {
    await takeAtOnce(6, 'wwCorp_1', SMALL);
    expect(counters.asked).toBe(6);
    await clock.advance(HOUR.windowMs - 1 - (START_MS % HOUR.windowMs));
    expect(await take('wwCorp_1', SMALL)).toBe(1);
    expect(counters.asked).toBe(6);
    await clock.advance(1);
    expect(await take('wwCorp_1', SMALL)).toBeNull();
  });
});

describe('without an answer of the store', () => {
  beforeEach(() => {
    counters.isAway = true;
    quotas = [newQuota()];
  });

  it('a process counts alone', async () => {
    const answers = await takeAtOnce(20, 'wwCorp_1', SMALL);
    expect(grantedOf(answers)).toBe(5);
    for (const waitMs of answers.slice(5)) expect(waitMs).toBeGreaterThan(0);
    expect(table.size).toBe(0);
  });

  it('a process grants no more than the limit to its own calls, those of before included', async () => {
    counters.isAway = false;
    expect(grantedOf(await takeAtOnce(3, 'wwCorp_1', SMALL))).toBe(3);
    counters.isAway = true;
    expect(grantedOf(await takeAtOnce(20, 'wwCorp_1', SMALL))).toBe(2);
  });

  it('it asks again 5 s later and not before, and then counts with all', async () => {
    await takeAtOnce(3, 'wwCorp_1', HOUR);
    expect(counters.asked).toBe(1);
    await takeAtOnce(30, 'early', HOUR);
    await clock.advance(4_999);
    await takeAtOnce(30, 'early', HOUR);
    expect(counters.asked).toBe(1);
    counters.isAway = false;
    await clock.advance(1);
    await takeAtOnce(10, 'late', HOUR);
    expect(countOf('hour late')).toBe(10);
  });

  it('it says so when that begins', async () => {
    for (let n = 0; n < 3; n++) {
      await take('wwCorp_1', SMALL);
      await clock.advance(5_000);
    }
    expect(lines).toMatchObject([{ msg: 'quota.counting_alone', level: 40 }]);
    counters.isAway = false;
    await take('wwCorp_1', SMALL);
    counters.isAway = true;
    await take('wwCorp_1', SMALL);
    expect(lines).toHaveLength(2);
  });
});

describe('a small limit whose calls are counted at their own times', () => {
  const takeSliding = (n = 0) =>
    (quotas[n % quotas.length] as CallQuota).takeSliding('wwCorp_1', SMALL_MINUTE);
  const grantedOf = async (count: number) => {
    let granted = 0;
    for (let n = 0; n < count; n++) if (typeof (await takeSliding(n)) !== 'number') granted++;
    return granted;
  };

  it('is never exceeded within any minute, by all replicas together', async () => {
    await clock.advance(MINUTE.windowMs - (clock.nowMs() % MINUTE.windowMs) - 1);
    expect(await grantedOf(12)).toBe(5);
    await clock.advance(2_000);
    expect(await grantedOf(12)).toBe(0);
    expect(await takeSliding()).toBe(MINUTE.windowMs - 2_000);
    await clock.advance(MINUTE.windowMs - 2_000);
    expect(await grantedOf(12)).toBe(5);
  });

  it('gives back what was no call of its kind, to all', async () => {
    const [giveBack] = [await takeSliding(), await grantedOf(4)];
    expect(await takeSliding(1)).toBeGreaterThan(0);
    (giveBack as () => void)();
    await clock.advance(1_000);
    expect(await grantedOf(2)).toBe(1);
  });

  it('does not ask the store for a second once it is used up', async () => {
    await grantedOf(6);
    const { asked } = counters;
    await grantedOf(100);
    expect(counters.asked - asked).toBeLessThanOrEqual(1);
  });

  it('is kept by each process alone while the store does not answer', async () => {
    counters.isAway = true;
    expect(await grantedOf(20)).toBe(10);
  });
});
