/**
 * How long a start takes on the embedded store, and how much memory it then has: empty, and with
 * 100,000 puppets, and how long it takes to open 100,000 waiting hints. `--write` writes results/start.md; `--short`
 * starts once instead of five times, with a tenth of both, and a missed target is then no failure.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import type { NewHint } from '../../src/queue/event.js';
import { EventQueue } from '../../src/queue/event-queue.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { SqliteQueueStore } from '../../src/storage/sqlite/queue.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { startManager } from '../../test/support/manager-process.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback } from '../../test/support/wecom.js';
import { machine, textTable } from '../faults/report.js';
import { median } from './turns.js';
import { fillRegistry } from './fill-registry.js';
import { CONTENTS } from '../../src/store-contents.js';

const hintApp = newApp();
const isShort = process.argv.includes('--short');
const STARTS = isShort ? 1 : 5;
const PUPPETS = isShort ? 10_000 : 100_000;
const HINTS = PUPPETS;
const WRITES_AT_ONCE = 1_000;
/** Long enough for what starting left behind to be collected. */
const IDLE_MS = 2_000;

const TARGETS = { readyMs: 2_000, idleRssMb: 200, loadMs: 3_000, openMs: 2_000 };

interface Start {
  /** From the spawn to the first 200 of /health/ready. */
  readonly readyMs: number;
  readonly loadMs: number;
  readonly rssMb: number;
}

async function start(dataDir: string): Promise<Start> {
  const startedMs = performance.now();
  const manager = await startManager({ DATA_DIR: dataDir });
  const { status } = await fetch(`${manager.url}/health/ready`);
  const readyMs = performance.now() - startedMs;
  if (status !== 200) throw new Error(`/health/ready answered ${status}`);
  const loaded = await manager.line(({ msg }) => msg === 'registry.loaded');
  await pause(IDLE_MS);
  const rssMb = rssMbOf(manager.pid);
  await manager.stop();
  return { readyMs, loadMs: Number(loaded.durationMs), rssMb };
}

function rssMbOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1_024;
}

/** Callbacks of one corp, each for another account, as they came in. */
function newHint(number: number): NewHint {
  const openKfId = newOpenKfId();
  const { query, body } = sealCallback(hintApp, kfMessageXml(hintApp, openKfId));
  const { msg_signature: msgSignature = '', timestamp = '', nonce = '' } = query;
  return {
    event: {
      id: msgSignature,
      corpId: hintApp.corpId,
      openKfId,
      syncToken: hintApp.encodingAESKey,
      createdAtS: 1_348_831_860,
      lagMs: 0,
      traceparent: null,
      raw: { msgSignature, timestamp, nonce, body: Buffer.from(body) },
    },
    isFirst: () => false,
    keysId: hintApp.token,
    arrivedAtMs: Date.now(),
    attempts: 1,
    step: 1,
    dueAtMs: Date.now() + number,
    endpoint: `http://puppet-${number % 1_000}.bots.svc.cluster.local:8080`,
    failure: { atMs: Date.now(), stage: 'connect', reason: 'no connection (ECONNREFUSED)' },
    lease: null,
  };
}

async function fillQueue(dataDir: string): Promise<void> {
  const store = await SqliteStore.open({ dataDir }, CONTENTS);
  const queue = await queueOf(store);
  for (let done = 0; done < HINTS; done += WRITES_AT_ONCE) {
    await Promise.all(
      Array.from({ length: WRITES_AT_ONCE }, (_, n) => queue.put([newHint(done + n)], Date.now())),
    );
  }
  await store.onApplicationShutdown();
}

/** @returns how long it takes. */
async function openQueue(dataDir: string): Promise<number> {
  const store = await SqliteStore.open({ dataDir }, CONTENTS);
  const startedMs = performance.now();
  const queue = await queueOf(store);
  const openMs = performance.now() - startedMs;
  const { waiting } = await queue.counts();
  await store.onApplicationShutdown();
  if (waiting !== HINTS) throw new Error(`${waiting} of ${HINTS} hints wait`);
  return openMs;
}

async function queueOf(store: SqliteStore): Promise<EventQueue> {
  return new EventQueue(await SqliteQueueStore.open(store, pino({ level: 'silent' })), new SystemClock());
}

async function inTurn<T>(what: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let n = 0; n < STARTS; n++) results.push(await what());
  return results;
}

async function measure(dataDir: string): Promise<Start> {
  const starts = await inTurn(() => start(dataDir));
  const of = (name: keyof Start) => median(starts.map((one) => one[name]));
  return { readyMs: of('readyMs'), loadMs: of('loadMs'), rssMb: of('rssMb') };
}

const root = mkdtempSync(join(tmpdir(), 'wxkf-start-bench-'));
try {
  process.stdout.write(`${STARTS} start(s) on an empty store …\n`);
  const empty = await measure(join(root, 'empty'));
  process.stdout.write(`writing ${PUPPETS} puppets …\n`);
  await fillRegistry(join(root, 'full'), PUPPETS);
  process.stdout.write(`${STARTS} start(s) on them …\n`);
  const full = await measure(join(root, 'full'));
  process.stdout.write(`writing ${HINTS} hints, and ${STARTS} start(s) on them …\n`);
  await fillQueue(join(root, 'hints'));
  const openMs = median(await inTurn(() => openQueue(join(root, 'hints'))));
  const waiting = await measure(join(root, 'hints'));
  const row = (what: string, value: number, unit: string, target?: number): string[] => [
    what,
    `${Math.round(value)} ${unit}`,
    target === undefined ? '' : `≤ ${target} ${unit}: ${value <= target ? 'pass' : 'FAIL'}`,
  ];
  const rows = [
    ['what', 'measured', 'target'],
    row('start to ready, empty', empty.readyMs, 'ms', TARGETS.readyMs),
    row('RSS idle, empty', empty.rssMb, 'MB', TARGETS.idleRssMb),
    row(`loading ${PUPPETS} puppets`, full.loadMs, 'ms', TARGETS.loadMs),
    row('start to ready with them', full.readyMs, 'ms'),
    row('RSS idle with them', full.rssMb, 'MB'),
    row(`opening ${HINTS} waiting hints`, openMs, 'ms', TARGETS.openMs),
    row('start to ready with them', waiting.readyMs, 'ms'),
    row('RSS idle with them', waiting.rssMb, 'MB'),
  ];
  const report = `# Start\n\n${machine(process.cwd(), `medians of ${STARTS} start(s)`)}\n\n${textTable(rows)}\n`;
  process.stdout.write(`\n${report}`);
  if (process.argv.includes('--write')) writeFileSync('lab/bench/results/start.md', report);
  if (report.includes('FAIL') && !isShort) process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
