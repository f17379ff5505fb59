import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import {
  passMinute,
  type SeeingReplica,
  seeingReplica,
  type SeenTables,
} from '../../../test/support/seen.js';

const [HERE, THERE] = ['here-0a0a0a', 'there-0b0b0b'];

let clock: ManualClock;
let tables: SeenTables;
let here: SeeingReplica;
let there: SeeingReplica;

function startReplica(name: string): SeeingReplica {
  const replica = seeingReplica(name, tables, clock);
  replica.others.onApplicationBootstrap();
  return replica;
}

async function passMinutes(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) await passMinute(clock);
}

const away = ({ others }: SeeingReplica = here) => others.replicas.away().map(({ replica }) => replica);
const isBack = (sinceMs: number) => here.others.replicas.isBack(THERE, sinceMs);
/** As by SIGKILL: nothing of it is written any more. */
const kill = ({ store }: SeeingReplica) => void (store.isAway = true);

beforeEach(async () => {
  clock = new ManualClock();
  tables = new Map();
  [here, there] = [startReplica(HERE), startReplica(THERE)];
  await passMinutes(3);
});

describe('a replica that was killed', () => {
  it('is away once two of its writes are missing, since its last one', async () => {
    const sinceMs = clock.nowMs() - 10_000;
    kill(there);
    await passMinutes(1);
    expect(away()).toEqual([]);
    await passMinutes(1);
    expect(here.others.replicas.away()).toEqual([{ replica: THERE, sinceMs }]);
    expect(isBack(sinceMs)).toBe(false);
  });

  it('is back with its next write', async () => {
    const sinceMs = clock.nowMs() - 10_000;
    kill(there);
    await passMinutes(5);
    there.store.isAway = false;
    await passMinutes(1);
    expect([away(), isBack(sinceMs)]).toEqual([[], true]);
  });

  it('is back where its host has started another process since, and not where one ran there before', async () => {
    const sibling = startReplica('there-0c0c0c');
    await passMinutes(3);
    const sinceMs = clock.nowMs() - 10_000;
    kill(there);
    await passMinutes(2);
    expect([away(), away(sibling)]).toEqual([[THERE], [THERE]]);
    startReplica('there-0d0d0d');
    await passMinutes(1);
    expect([away(), isBack(sinceMs)]).toEqual([[], true]);
  });

  it('is plainly gone after a quarter of an hour, and nobody has seen it come back', async () => {
    const sinceMs = clock.nowMs() - 10_000;
    kill(there);
    await passMinutes(14);
    expect(away()).toEqual([THERE]);
    await passMinutes(1);
    expect([away(), isBack(sinceMs)]).toEqual([[], false]);
  });

  it('is known to one that starts later, once it has looked for two minutes itself', async () => {
    kill(there);
    await passMinutes(4);
    const later = startReplica('later-0e0e0e');
    await passMinutes(1);
    expect(away(later)).toEqual([]);
    await passMinutes(1);
    expect(away(later)).toEqual([THERE]);
  });
});

it('a replica that stops in order says goodbye, and is not away', async () => {
  await there.others.beforeApplicationShutdown();
  kill(there);
  await passMinutes(5);
  expect([away(), isBack(clock.nowMs())]).toEqual([[], true]);
});

it('no replica is away because the store was, or this replica alone could not read', async () => {
  for (const { store } of [here, there]) store.isAway = true;
  await passMinutes(5);
  for (const { store } of [here, there]) store.isAway = false;
  const seen: unknown[] = [away(), away(there)];
  for (let minute = 0; minute < 3; minute++) {
    await passMinutes(1);
    seen.push(away(), away(there));
  }
  expect(seen.flat()).toEqual([]);
});

it('a replica is not away for itself, though it can read and not write', async () => {
  here.store.write = () => Promise.reject(new Error('read only'));
  await passMinutes(3);
  expect([away(), away(there)]).toEqual([[], [HERE]]);
});
