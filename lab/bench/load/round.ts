import { setTimeout as sleep } from 'node:timers/promises';
import { Generator, type Load, type Prepared } from './generator.js';
import type { Program } from './programs.js';

/** New connections and cold caches are not what a round is about. */
export const RAMP_MS = 300;

export type Round = {
  /** Deliveries, or whatever else is counted. */
  readonly perS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Right 200 answers, ramp and end included. */
  readonly accepted: number;
  /** Every answer but those, every broken connection, ramp and end included. */
  readonly failures: ReadonlyMap<string, number>;
  /** 200 answers without a delivery: lost. Negative: delivered twice, or without an answer 200. */
  readonly uncounted: number;
  /** How many a second were sent, where it was not as many as go. */
  readonly offeredPerS?: number;
  /** Of one core, 0..1; `null` where there is no /proc. */
  readonly serverShare: number | null;
  readonly serverCpuMsPer1000: number | null;
  readonly rssMb: number | null;
  /** What generator and puppets took of their core; close to 1 they are what was measured. */
  readonly loadShare: number;
};

/** What is sent, and what of it counts. */
export type Work<T extends Prepared> = Load<T> & {
  /** Only its growth is of interest. */
  readonly count: (generator: { readonly accepted: number }) => number;
};

export async function runRound<T extends Prepared>(
  program: Program,
  work: Work<T>,
  { connections, measureMs }: { connections: number; measureMs: number },
): Promise<Round> {
  const { count } = work;
  const generator = new Generator(program.port, work);
  const countAtStart = count(generator);
  generator.start(connections);
  await sleep(RAMP_MS);

  const latencies = generator.measure();
  const before = snapshot(program, count(generator));
  await sleep(measureMs);
  const after = snapshot(program, count(generator));
  await generator.stop();
  return {
    ...between(before, after),
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    accepted: generator.accepted,
    failures: generator.failures,
    uncounted: generator.accepted - (count(generator) - countAtStart),
  };
}

type Snapshot = ReturnType<typeof snapshot>;

/** What a round is about, by what was there at its begin and at its end. */
export function between(before: Snapshot, after: Snapshot) {
  const elapsedMs = after.atMs - before.atMs;
  const counted = after.count - before.count;
  const serverMs = before.usage && after.usage ? after.usage.cpuMs - before.usage.cpuMs : null;
  return {
    perS: (counted * 1000) / elapsedMs,
    serverShare: serverMs === null ? null : serverMs / elapsedMs,
    serverCpuMsPer1000: serverMs === null ? null : (serverMs * 1000) / Math.max(1, counted),
    rssMb: after.usage?.rssMb ?? null,
    loadShare: (after.loadCpuMs - before.loadCpuMs) / elapsedMs,
  };
}

export function snapshot(program: Program, count: number) {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    count,
    usage: program.child.usage(),
    loadCpuMs: (user + system) / 1000,
  };
}
