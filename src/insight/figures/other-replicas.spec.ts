import { beforeEach, describe, expect, it } from '@jest/globals';
import { REPLICA } from '../../kernel/replica.js';
import { OtherReplicas } from './other-replicas.js';

const THERE = 'there-0b0b0b';
const MINUTE_MS = 60_000;

let nowMs: number;
/** When those started that write each minute. */
let writing: Map<string, number>;
let here: OtherReplicas;

function start(replica: string): void {
  writing.set(replica, nowMs);
}

/** In each, this one looks 10 s after the others have written. */
function passMinutes(count: number, looking = [here]): void {
  for (let minute = 0; minute < count; minute++) {
    nowMs += MINUTE_MS - 10_000;
    for (const [replica, startedAtMs] of writing)
      for (const replicas of [here, ...looking])
        replicas.note(replica, { startedAtMs, atMs: nowMs, isStopped: false });
    nowMs += 10_000;
    for (const replicas of looking) replicas.lookedAt(nowMs);
  }
}

const away = (replicas = here) => replicas.away().map(({ replica }) => replica);
const isBack = (sinceMs: number) => here.isBack(THERE, sinceMs);
/** As by SIGKILL: nothing of it is written any more. @returns when it wrote last. */
function kill(): number {
  writing.delete(THERE);
  return nowMs - 10_000;
}

beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 1);
  writing = new Map();
  here = new OtherReplicas();
  for (const replica of [REPLICA, THERE]) start(replica);
  passMinutes(3);
});

describe('a replica that was killed', () => {
  it('is away once two of its writes are missing, since its last one', () => {
    const sinceMs = kill();
    passMinutes(1);
    expect(away()).toEqual([]);
    passMinutes(1);
    expect(here.away()).toEqual([{ replica: THERE, sinceMs }]);
    expect(isBack(sinceMs)).toBe(false);
  });

  it('is back with its next write', () => {
    const sinceMs = kill();
    passMinutes(5);
    start(THERE);
    passMinutes(1);
    expect([away(), isBack(sinceMs)]).toEqual([[], true]);
  });

  it('is back where its host has started another process since, and not where one ran there before', () => {
    start('there-0c0c0c');
    passMinutes(3);
    const sinceMs = kill();
    passMinutes(2);
    expect(away()).toEqual([THERE]);
    start('there-0d0d0d');
    passMinutes(1);
    expect([away(), isBack(sinceMs)]).toEqual([[], true]);
  });

  it('is plainly gone after a quarter of an hour, and nobody has seen it come back', () => {
    const sinceMs = kill();
    passMinutes(14);
    expect(away()).toEqual([THERE]);
    passMinutes(1);
    expect([away(), isBack(sinceMs)]).toEqual([[], false]);
  });

  it('is known to one that starts later, once it has looked for two minutes itself', () => {
    const later = new OtherReplicas();
    later.note(THERE, { startedAtMs: 0, atMs: kill(), isStopped: false });
    passMinutes(4, [here]);
    later.lookedAt(nowMs);
    passMinutes(1, [here, later]);
    expect(away(later)).toEqual([]);
    passMinutes(1, [here, later]);
    expect(away(later)).toEqual([THERE]);
  });
});

it('a replica that stops in order says goodbye, and is not away', () => {
  here.note(THERE, { startedAtMs: 0, atMs: kill() + 20_000, isStopped: true });
  passMinutes(5);
  expect([away(), isBack(nowMs)]).toEqual([[], true]);
});

it('no replica is away because the store was, or this replica alone could not read', () => {
  nowMs += 5 * MINUTE_MS;
  const seen: unknown[] = [away()];
  for (let minute = 0; minute < 3; minute++) {
    passMinutes(1);
    seen.push(away());
  }
  expect(seen.flat()).toEqual([]);
});

it('a replica is not away for itself, though it can read and not write', () => {
  writing.delete(REPLICA);
  passMinutes(3);
  expect(away()).toEqual([]);
});
