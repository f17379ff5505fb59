import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Circuits } from './circuits.js';

const ENDPOINT = 'http://puppet:8080';
const OTHER = 'http://other:8080';
const account = (n: number) => ({ corpId: 'wwCorp_1', openKfId: `wkAccount-${n}` });
const ACCOUNT = account(1);
/** Contract 3.4. */
const PROBE_WITHIN_MS = 25_000;
let clock: ManualClock;
let circuits: Circuits;
/** When each probe of `ENDPOINT` was due. */
let probes: number[];
let onProbe: () => void;

beforeEach(() => {
  clock = new ManualClock();
  probes = [];
  onProbe = () => {};
  circuits = new Circuits(clock);
  circuits.start((endpoint) => {
    if (endpoint !== ENDPOINT) return;
    probes.push(clock.elapsedMs());
    onProbe();
  });
});

const fail = (startedMs = clock.elapsedMs()) => circuits.failed(ENDPOINT, startedMs);

function failTimes(count: number): void {
  for (let n = 0; n < count; n++) fail();
}

/** Its probes fail after so long. */
function probesFailAfter(ms: number): void {
  onProbe = () => {
    const startedMs = clock.elapsedMs();
    if (ms === 0) fail(startedMs);
    else clock.after(ms, () => fail(startedMs));
  };
}

function refuse(n: number, times = 1): void {
  for (let time = 0; time < times; time++) circuits.refused(ENDPOINT, account(n), clock.elapsedMs());
}

/** Its probes take the accounts in turn, which refuse them. */
function probesAreRefused(count: number): Map<number, number[]> {
  const times = new Map<number, number[]>(Array.from({ length: count }, (_, n) => [n, []]));
  onProbe = () => {
    const n = (probes.length - 1) % count;
    times.get(n)?.push(clock.elapsedMs());
    refuse(n);
  };
  return times;
}

function gaps(): number[] {
  return probes.map((atMs, n) => atMs - (probes[n - 1] ?? 0));
}

function expectAbout(actualMs: number | undefined, ms: number): void {
  expect(actualMs).toBeGreaterThanOrEqual(ms * 0.8);
  expect(actualMs).toBeLessThanOrEqual(ms * 1.2);
}

describe('a circuit opens', () => {
  it('at the fifth failure in a row', () => {
    failTimes(4);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    fail();
    expect(circuits.isOpen(ENDPOINT)).toBe(true);
    expect([...circuits.open]).toEqual([ENDPOINT]);
  });

  it('not at five failures that are not in a row', () => {
    failTimes(4);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    failTimes(4);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
  });

  it('when more than half of the last 20 attempts failed', () => {
    for (let n = 0; n < 10; n++) {
      circuits.succeeded(ENDPOINT, ACCOUNT);
      fail();
    }
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    fail();
    expect(circuits.isOpen(ENDPOINT)).toBe(true);
  });

  it('for its own endpoint alone', () => {
    failTimes(5);
    expect(circuits.isOpen(OTHER)).toBe(false);
    expect(circuits.admit(OTHER, ACCOUNT)).toBe(true);
    expect(circuits.admit(ENDPOINT, ACCOUNT)).toBe(false);
  });
});

describe('an open circuit', () => {
  it('is probed about 1, 2, 4, 8, 16, 20, 20 s apart', async () => {
    probesFailAfter(0);
    failTimes(5);
    await clock.advance(100_000);
    for (const [n, seconds] of [1, 2, 4, 8, 16, 20, 20].entries()) expectAbout(gaps()[n], seconds * 1_000);
  });

  it.each([0, 5_000])('is never left for 25 s without a probe, when they fail after %i ms', async (ms) => {
    probesFailAfter(ms);
    failTimes(5);
    await clock.advance(3_600_000);
    expect(probes.length).toBeGreaterThan(3_600 / 25);
    expect(Math.max(...gaps())).toBeLessThanOrEqual(PROBE_WITHIN_MS);
  });

  it('has one probe under way at a time', async () => {
    failTimes(5);
    await clock.advance(600_000);
    expect(probes).toHaveLength(1);
  });

  it('is not probed later because of what was under way when it opened', async () => {
    failTimes(5);
    for (let n = 0; n < 50; n++) {
      await clock.advance(100);
      if (probes.length === 0) fail();
    }
    expectAbout(probes[0], 1_000);
  });

  it('closes at a success, which says that hints are to be sent', () => {
    failTimes(5);
    expect(circuits.succeeded(ENDPOINT, ACCOUNT)).toBe(true);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    expect(circuits.admit(ENDPOINT, ACCOUNT)).toBe(true);
    expect(circuits.succeeded(ENDPOINT, ACCOUNT)).toBe(false);
  });

  it('opens again no sooner than one that was never open', () => {
    failTimes(20);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    failTimes(4);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    fail();
    expect(circuits.isOpen(ENDPOINT)).toBe(true);
  });

  it('is probed soon again when it opens once more', async () => {
    probesFailAfter(0);
    failTimes(5);
    await clock.advance(120_000);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    probes.length = 0;
    const openedMs = clock.elapsedMs();
    failTimes(5);
    await clock.advance(1_200);
    expectAbout((probes[0] ?? 0) - openedMs, 1_000);
  });

  it('closes at a registration', async () => {
    failTimes(5);
    circuits.close(ENDPOINT);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    expect(circuits.admit(ENDPOINT, ACCOUNT)).toBe(true);
    await clock.advance(60_000);
    expect(probes).toEqual([]);
  });
});

describe('an endpoint that fails and is not open yet', () => {
  it('is probed within 25 s of its last attempt', async () => {
    fail();
    await clock.advance(10_000);
    fail();
    await clock.advance(60_000);
    expect(probes).toHaveLength(1);
    expectAbout((probes[0] ?? 0) - 10_000, 20_000);
  });

  it('says that hints are to be sent when it takes one after several failures', () => {
    failTimes(2);
    expect(circuits.succeeded(ENDPOINT, ACCOUNT)).toBe(true);
  });

  it('had a single failure, and nothing else can wait for its recovery', () => {
    fail();
    expect(circuits.succeeded(ENDPOINT, ACCOUNT)).toBe(false);
  });
});

describe('an endpoint for which hints wait, it is not known why,', () => {
  it('is probed within 20 s', async () => {
    circuits.suspect(ENDPOINT);
    await clock.advance(20_000);
    expect(probes).toHaveLength(1);
  });

  it('is not probed later for being suspected again', async () => {
    circuits.suspect(ENDPOINT);
    await clock.advance(10_000);
    circuits.suspect(ENDPOINT);
    await clock.advance(10_000);
    expect(probes).toHaveLength(1);
  });

  it('is not probed when it took something meanwhile', async () => {
    circuits.suspect(ENDPOINT);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    await clock.advance(60_000);
    expect(probes).toEqual([]);
  });
});

describe('when there is no hint to probe with', () => {
  beforeEach(async () => {
    onProbe = () => circuits.nothingToProbe(ENDPOINT);
    failTimes(5);
    await clock.advance(1_200);
  });

  it('one event may be tried, and no other before its outcome', () => {
    expect(circuits.isOpen(ENDPOINT)).toBe(true);
    expect([circuits.admit(ENDPOINT, ACCOUNT), circuits.admit(ENDPOINT, ACCOUNT)]).toEqual([true, false]);
  });

  it('a trial that fails has the endpoint probed again', async () => {
    circuits.admit(ENDPOINT, ACCOUNT);
    fail();
    probes.length = 0;
    await clock.advance(PROBE_WITHIN_MS);
    expect(probes).not.toEqual([]);
  });

  it('a trial that never had a socket has the endpoint probed again', async () => {
    circuits.admit(ENDPOINT, ACCOUNT);
    circuits.inconclusive(ENDPOINT);
    probes.length = 0;
    await clock.advance(PROBE_WITHIN_MS);
    expect(probes).not.toEqual([]);
  });

  it('hints that another process leaves behind have the endpoint probed again, once it is suspected', async () => {
    circuits.suspect(ENDPOINT);
    probes.length = 0;
    await clock.advance(20_000);
    expect(probes).toHaveLength(1);
  });

  it('a trial that is taken closes the circuit', () => {
    circuits.admit(ENDPOINT, ACCOUNT);
    expect(circuits.succeeded(ENDPOINT, ACCOUNT)).toBe(true);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
  });
});

describe('a probe that was given up, or whose hint went elsewhere,', () => {
  it.each([2, 5])('is followed by another after %i failures', async (failures) => {
    onProbe = () => circuits.inconclusive(ENDPOINT);
    failTimes(failures);
    await clock.advance(600_000);
    expect(probes.length).toBeGreaterThan(600 / 25);
    expect(Math.max(...gaps())).toBeLessThanOrEqual(PROBE_WITHIN_MS);
  });

  it('puts off none that is waited for', async () => {
    failTimes(5);
    await clock.advance(700);
    circuits.inconclusive(ENDPOINT);
    await clock.advance(500);
    expect(probes).toHaveLength(1);
  });

  it('changes nothing for an endpoint that is well', () => {
    failTimes(2);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    circuits.inconclusive(ENDPOINT);
    expect(clock.pendingTimers).toBe(0);
  });

  it('of an endpoint that was only suspected is followed by another, until one tells', async () => {
    onProbe = () => circuits.inconclusive(ENDPOINT);
    circuits.suspect(ENDPOINT);
    await clock.advance(60_000);
    expect(probes.length).toBeGreaterThanOrEqual(2);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('an account that is refused', () => {
  it('alone is held back, and however many are surely refused for themselves, the endpoint stays closed', () => {
    for (let n = 2; n < 100; n++)
      for (let time = 0; time < 5; time++) circuits.refused(ENDPOINT, account(n), clock.elapsedMs(), true);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    expect(circuits.holdsBack(ENDPOINT, account(2))).toBe(true);
    expect(circuits.admit(ENDPOINT, ACCOUNT)).toBe(true);
  });

  it('never opens the circuit alone, however many events it has', async () => {
    refuse(1, 1_000);
    expect([circuits.isOpen(ENDPOINT), circuits.open.size]).toEqual([false, 0]);
    for (let n = 0; n < 50; n++) {
      circuits.succeeded(ENDPOINT, ACCOUNT);
      refuse(1, 3);
    }
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
  });

  it('is held back at the fifth refusal in a row, and no other account', () => {
    refuse(1, 4);
    expect([circuits.holdsBack(ENDPOINT, account(1)), circuits.admit(ENDPOINT, account(1))]).toEqual([
      false,
      true,
    ]);
    refuse(1);
    expect([circuits.holdsBack(ENDPOINT, account(1)), circuits.admit(ENDPOINT, account(1))]).toEqual([
      true,
      false,
    ]);
    expect(circuits.holdsBack(ENDPOINT, account(2))).toBe(false);
    expect(circuits.admit(ENDPOINT, account(2))).toBe(true);
    circuits.succeeded(ENDPOINT, account(2));
    expect(circuits.admit(ENDPOINT, account(1))).toBe(false);
  });

  it('is sent to again when something of it is taken, which says that hints are to be sent', () => {
    refuse(1, 5);
    expect(circuits.succeeded(ENDPOINT, account(2))).toBe(false);
    expect(circuits.succeeded(ENDPOINT, account(1))).toBe(true);
    expect(circuits.admit(ENDPOINT, account(1))).toBe(true);
    expect(circuits.succeeded(ENDPOINT, account(1))).toBe(false);
  });

  it('is probed about 1, 2, 4, 8, 16, 20, 20 s apart, whatever others take', async () => {
    onProbe = () => refuse(1);
    refuse(1, 5);
    for (let second = 0; second < 100; second++) {
      await clock.advance(1_000);
      circuits.succeeded(ENDPOINT, account(2));
    }
    for (const [n, seconds] of [1, 2, 4, 8, 16, 20, 20].entries()) expectAbout(gaps()[n], seconds * 1_000);
  });

  it.each([1, 2, 3, 4])(
    'is never left for 25 s without a probe where %i are, and others take',
    async (count) => {
      const times = probesAreRefused(count);
      for (let n = 0; n < count; n++) refuse(n, n + 1);
      for (let second = 0; second < 600; second++) {
        await clock.advance(1_000);
        circuits.succeeded(ENDPOINT, account(9));
      }
      for (const ofOne of times.values()) {
        expect(ofOne.length).toBeGreaterThan(600 / 25);
        for (const [n, atMs] of ofOne.entries())
          expect(atMs - (ofOne[n - 1] ?? atMs)).toBeLessThanOrEqual(PROBE_WITHIN_MS);
      }
    },
  );

  it('costs its endpoint a probe in 4 s at most, however many are', async () => {
    for (let n = 0; n < 100; n++) {
      refuse(n, 5);
      circuits.succeeded(ENDPOINT, account(200));
    }
    probesAreRefused(100);
    await clock.advance(60_000);
    probes.length = 0;
    await clock.advance(400_000);
    expect(probes.length).toBeLessThanOrEqual(100);
    expect(probes.length).toBeGreaterThan(400 / 6.25);
  });

  it('does not have the probe of another put off by its own attempts', async () => {
    refuse(1);
    circuits.succeeded(ENDPOINT, account(9));
    refuse(2);
    for (let second = 0; second < 25; second++) {
      await clock.advance(1_000);
      refuse(2);
    }
    expect(probes.length).toBeGreaterThan(0);
  });

  it('is probed within 25 s where now and then another one gets no answer', async () => {
    onProbe = () => refuse(1);
    refuse(1, 5);
    circuits.succeeded(ENDPOINT, account(9));
    for (let second = 0; second < 600; second++) {
      await clock.advance(1_000);
      if (second % 10 === 0) fail(clock.elapsedMs() - 5_000);
      else circuits.succeeded(ENDPOINT, account(9));
    }
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    expect(probes.length).toBeGreaterThan(600 / 25);
    expect(Math.max(...gaps())).toBeLessThanOrEqual(PROBE_WITHIN_MS);
  });

  it('leaves nothing behind when nothing waits', async () => {
    onProbe = () => circuits.nothingToProbe(ENDPOINT);
    refuse(1, 5);
    await clock.advance(1_200);
    expect(circuits.admit(ENDPOINT, account(1))).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('closes nothing for good: with a registration all is tried again', () => {
    refuse(1, 5);
    expect(circuits.close(ENDPOINT)).toBe(true);
    expect(circuits.admit(ENDPOINT, account(1))).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('an endpoint that refuses all its accounts', () => {
  it('is open at the fifth, and closed by one that is taken', () => {
    for (let n = 0; n < 4; n++) refuse(n, 3);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    refuse(4);
    expect([circuits.isOpen(ENDPOINT), circuits.admit(ENDPOINT, account(9))]).toEqual([true, false]);
    expect(circuits.succeeded(ENDPOINT, account(2))).toBe(true);
    expect([circuits.isOpen(ENDPOINT), circuits.admit(ENDPOINT, account(0))]).toEqual([false, true]);
  });

  it('is not open again by those that were refused before and go on being so', () => {
    for (let n = 0; n < 5; n++) refuse(n);
    circuits.succeeded(ENDPOINT, account(9));
    for (let n = 0; n < 5; n++) refuse(n, 10);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    expect(circuits.admit(ENDPOINT, account(9))).toBe(true);
  });

  it.each([1, 2, 4, 5, 20])('is found to be back within 25 s, with %i accounts', async (count) => {
    for (let n = 0; n < count; n++) refuse(n, 5);
    probesAreRefused(count);
    await clock.advance(600_000);
    expect(Math.max(...gaps().slice(-20))).toBeLessThanOrEqual(PROBE_WITHIN_MS);
    // As one, however many accounts it has.
    const lastMinute = probes.filter((atMs) => atMs > clock.elapsedMs() - 60_000);
    expect(lastMinute.length).toBeLessThanOrEqual(4);
  });

  it('is seen to fail, until one is taken', () => {
    refuse(1, 4);
    expect(circuits.isFailing(ENDPOINT)).toBe(false);
    refuse(1);
    expect([circuits.isFailing(ENDPOINT), [...circuits.failing]]).toEqual([true, [ENDPOINT]]);
    circuits.succeeded(ENDPOINT, account(2));
    expect([circuits.isFailing(ENDPOINT), circuits.failing.size]).toEqual([false, 0]);
  });
});

describe('a message that comes in', () => {
  beforeEach(async () => {
    probesFailAfter(0);
    failTimes(5);
    // The last probe was about 16 s after the one before.
    while (probes.length < 5) await clock.advance(100);
    probes.length = 0;
  });

  it('is a probe at once when the last attempt is 3 s old', async () => {
    await clock.advance(3_000);
    circuits.cameIn(ENDPOINT);
    await clock.advance(0);
    expect(probes).toHaveLength(1);
  });

  it('is one as soon as the last attempt is 3 s old, once for all of them', async () => {
    const beganMs = clock.elapsedMs();
    for (let n = 0; n < 10; n++) circuits.cameIn(ENDPOINT);
    await clock.advance(3_500);
    for (const atMs of probes) expectAbout(atMs - beganMs, 3_000);
    expect(probes).toHaveLength(1);
  });

  it('is one for an endpoint that failed and is not open yet', async () => {
    circuits.close(ENDPOINT);
    fail();
    await clock.advance(2_900);
    circuits.cameIn(ENDPOINT);
    expect(probes).toEqual([]);
    await clock.advance(100);
    expect(probes).toHaveLength(1);
  });

  it('is none while a probe is under way, nor where nothing failed', async () => {
    onProbe = () => {};
    await clock.advance(25_000);
    expect(probes).toHaveLength(1);
    circuits.cameIn(ENDPOINT);
    circuits.cameIn(OTHER);
    await clock.advance(25_000);
    expect(probes).toHaveLength(1);
  });

  it('is one for an endpoint whose probe had nothing to send', async () => {
    onProbe = () => circuits.nothingToProbe(ENDPOINT);
    await clock.advance(25_000);
    circuits.cameIn(ENDPOINT);
    await clock.advance(0);
    expect(probes).toHaveLength(2);
  });
});

describe('no timer is left', () => {
  it.each([1, 2, 5, 30])('when an endpoint is well again after %i failures', (failures) => {
    failTimes(failures);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    expect(clock.pendingTimers).toBe(0);
  });

  it('when it is closed by a registration, and what was under way ends well', () => {
    failTimes(5);
    circuits.close(ENDPOINT);
    circuits.succeeded(ENDPOINT, ACCOUNT);
    expect(clock.pendingTimers).toBe(0);
  });

  it('when an endpoint was suspected for nothing', async () => {
    onProbe = () => circuits.nothingToProbe(ENDPOINT);
    circuits.suspect(ENDPOINT);
    await clock.advance(20_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('at the end of the process, whatever ends after it', () => {
    failTimes(5);
    circuits.failed(OTHER, 0);
    circuits.stop();
    fail();
    circuits.failed('http://third:8080', 0);
    circuits.suspect('http://fourth:8080');
    expect(clock.pendingTimers).toBe(0);
  });
});
