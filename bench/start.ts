/**
 * How long a start takes on the embedded store, and how much memory it then has: empty, and with
 * 100,000 puppets. `--write` writes results/start.md; `--short` starts once instead of five times, and a
 * missed target is then no failure.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Secret } from '../src/kernel/secret.js';
import { EmbeddedPuppetRepository } from '../src/storage/embedded/embedded-puppet.repository.js';
import { EmbeddedStore } from '../src/storage/embedded/embedded-store.js';
import { startManager } from '../test/support/manager-process.js';
import { newApp, newOpenKfId } from '../test/support/wecom.js';

const isShort = process.argv.includes('--short');
const STARTS = isShort ? 1 : 5;
const PUPPETS = 100_000;
const WRITES_AT_ONCE = 1_000;
/** Long enough for what starting left behind to be collected. */
const IDLE_MS = 2_000;

const TARGETS = { readyMs: 1_500, idleRssMb: 150, loadMs: 3_000 };

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

async function fill(dataDir: string): Promise<void> {
  const store = await EmbeddedStore.open({ dataDir });
  const repository = new EmbeddedPuppetRepository(store);
  for (let done = 0; done < PUPPETS; done += WRITES_AT_ONCE) {
    const app = newApp();
    const keys = { callbackToken: new Secret(app.token), encodingAESKey: new Secret(app.encodingAESKey) };
    const writes = Array.from({ length: WRITES_AT_ONCE }, (_, n) =>
      repository.save(
        {
          ...keys,
          openKfId: newOpenKfId(),
          name: `客服 ${done + n}`,
          endpoint: `http://puppet-${done + n}.bots.svc.cluster.local:8080`,
          corpId: app.corpId,
          corpSecret: new Secret(app.encodingAESKey),
          from: '10.0.0.1',
        },
        Date.now(),
      ),
    );
    await Promise.all(writes);
  }
  await store.onApplicationShutdown();
}

async function measure(dataDir: string): Promise<Start> {
  const starts: Start[] = [];
  for (let n = 0; n < STARTS; n++) starts.push(await start(dataDir));
  const median = (of: (start: Start) => number): number =>
    starts.map(of).sort((a, b) => a - b)[STARTS >> 1] ?? 0;
  return {
    readyMs: median((s) => s.readyMs),
    loadMs: median((s) => s.loadMs),
    rssMb: median((s) => s.rssMb),
  };
}

const root = mkdtempSync(join(tmpdir(), 'wxkf-start-bench-'));
try {
  process.stdout.write(`${STARTS} start(s) on an empty store …\n`);
  const empty = await measure(join(root, 'empty'));
  process.stdout.write(`writing ${PUPPETS} puppets …\n`);
  await fill(join(root, 'full'));
  process.stdout.write(`${STARTS} start(s) on them …\n`);
  const full = await measure(join(root, 'full'));
  const row = (what: string, value: number, unit: string, target?: number): string =>
    `| ${what} | ${Math.round(value)} ${unit} | ${target === undefined ? '' : `≤ ${target} ${unit}: ${value <= target ? 'pass' : 'FAIL'}`} |`;
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const report = [
    `Medians of ${STARTS} start(s). ${cpus()[0]?.model}, ${cpus().length} cores; Node ${process.versions.node}; commit ${commit}; ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| what | measured | target |',
    '|---|--:|---|',
    row('start to ready, empty', empty.readyMs, 'ms', TARGETS.readyMs),
    row('RSS idle, empty', empty.rssMb, 'MB', TARGETS.idleRssMb),
    row(`loading ${PUPPETS} puppets`, full.loadMs, 'ms', TARGETS.loadMs),
    row(`start to ready with them`, full.readyMs, 'ms'),
    row(`RSS idle with them`, full.rssMb, 'MB'),
    '',
  ].join('\n');
  process.stdout.write(`\n${report}`);
  if (process.argv.includes('--write'))
    writeFileSync('bench/results/start.md', `# Start\n\n    npm run bench:start\n\n${report}`);
  if (report.includes('FAIL') && !isShort) process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
