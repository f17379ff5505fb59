import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Circuits } from './circuit.js';

const ENDPOINT = 'http://puppet:8080';
const OTHER = 'http://other:8080';
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
    circuits.succeeded(ENDPOINT);
    failTimes(4);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
  });

  it('when more than half of the last 20 attempts failed', () => {
    for (let n = 0; n < 10; n++) {
      circuits.succeeded(ENDPOINT);
      fail();
    }
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    fail();
    expect(circuits.isOpen(ENDPOINT)).toBe(true);
  });

  it('for its own endpoint alone', () => {
    failTimes(5);
    expect(circuits.isOpen(OTHER)).toBe(false);
    expect(circuits.admit(OTHER)).toBe(true);
    expect(circuits.admit(ENDPOINT)).toBe(false);
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
    expect(circuits.succeeded(ENDPOINT)).toBe(true);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    expect(circuits.admit(ENDPOINT)).toBe(true);
    expect(circuits.succeeded(ENDPOINT)).toBe(false);
  });

  it('opens again no sooner than one that was never open', () => {
    failTimes(20);
    circuits.succeeded(ENDPOINT);
    failTimes(4);
    expect(circuits.isOpen(ENDPOINT)).toBe(false);
    fail();
    expect(circuits.isOpen(ENDPOINT)).toBe(true);
  });

  it('is probed soon again when it opens once more', async () => {
    probesFailAfter(0);
    failTimes(5);
    await clock.advance(120_000);
    circuits.succeeded(ENDPOINT);
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
    expect(circuits.admit(ENDPOINT)).toBe(true);
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
    expect(circuits.succeeded(ENDPOINT)).toBe(true);
  });

  it('had a single failure, and nothing else can wait for its recovery', () => {
    fail();
    expect(circuits.succeeded(ENDPOINT)).toBe(false);
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
    circuits.succeeded(ENDPOINT);
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
    expect([circuits.admit(ENDPOINT), circuits.admit(ENDPOINT)]).toEqual([true, false]);
  });

  it('a trial that fails has the endpoint probed again', async () => {
    circuits.admit(ENDPOINT);
    fail();
    probes.length = 0;
    await clock.advance(PROBE_WITHIN_MS);
    expect(probes).not.toEqual([]);
  });

  it('a trial that never had a socket has the endpoint probed again', async () => {
    circuits.admit(ENDPOINT);
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
    circuits.admit(ENDPOINT);
    expect(circuits.succeeded(ENDPOINT)).toBe(true);
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
    circuits.succeeded(ENDPOINT);
    circuits.inconclusive(ENDPOINT);
    expect(clock.pendingTimers).toBe(0);
  });

  it('of an endpoint that was only suspected is followed by another, until one tells', async () => {
    onProbe = () => circuits.inconclusive(ENDPOINT);
    circuits.suspect(ENDPOINT);
    await clock.advance(60_000);
    expect(probes.length).toBeGreaterThanOrEqual(2);
    circuits.succeeded(ENDPOINT);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('no timer is left', () => {
  it.each([1, 2, 5, 30])('when an endpoint is well again after %i failures', (failures) => {
    failTimes(failures);
    circuits.succeeded(ENDPOINT);
    expect(clock.pendingTimers).toBe(0);
  });

  it('when it is closed by a registration, and what was under way ends well', () => {
    failTimes(5);
    circuits.close(ENDPOINT);
    circuits.succeeded(ENDPOINT);
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
