import { setTimeout as sleep } from 'node:timers/promises';
import type { Callback } from './accounts.js';
import { Generator } from './generator.js';
import type { Program } from './programs.js';
import type { Sink } from './sink.js';

/** New connections and cold caches are not what a round is about. */
const RAMP_MS = 300;

export type Round = {
  readonly deliveredPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Every answer but 200, every broken connection, ramp and end included. */
  readonly failures: ReadonlyMap<string, number>;
  /** 200 answers without a delivery: lost. Negative: delivered twice, or without an answer 200. */
  readonly undelivered: number;
  /** Of one core, 0..1; `null` where there is no /proc. */
  readonly serverShare: number | null;
  readonly serverCpuMsPer1000: number | null;
  readonly rssMb: number | null;
  /** What generator and puppets took of their core; close to 1 they are what was measured. */
  readonly loadShare: number;
};

export async function runRound(
  program: Program,
  callbacks: readonly Callback[],
  sink: Sink,
  { connections, measureMs }: { connections: number; measureMs: number },
): Promise<Round> {
  const generator = new Generator(program.port, callbacks);
  const deliveredAtStart = sink.delivered;
  generator.start(connections);
  await sleep(RAMP_MS);

  const latencies = generator.measure();
  const before = snapshot(program, sink);
  await sleep(measureMs);
  const after = snapshot(program, sink);
  const elapsedMs = after.atMs - before.atMs;
  const delivered = after.delivered - before.delivered;
  const serverMs = before.usage && after.usage ? after.usage.cpuMs - before.usage.cpuMs : null;
  await generator.stop();

  return {
    deliveredPerS: (delivered * 1000) / elapsedMs,
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    failures: generator.failures,
    undelivered: generator.accepted - (sink.delivered - deliveredAtStart),
    serverShare: serverMs === null ? null : serverMs / elapsedMs,
    serverCpuMsPer1000: serverMs === null ? null : (serverMs * 1000) / Math.max(1, delivered),
    rssMb: after.usage?.rssMb ?? null,
    loadShare: (after.loadCpuMs - before.loadCpuMs) / elapsedMs,
  };
}

function snapshot(program: Program, sink: Sink) {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    delivered: sink.delivered,
    usage: program.child.usage(),
    loadCpuMs: (user + system) / 1000,
  };
}
