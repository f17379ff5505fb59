/**
 * What a registration takes of the memory of the built manager: where a thousand accounts share their keys, where each has
 * keys of its own, and where each is of a corp of its own; loaded, and after as many callbacks, by all their keys in turn.
 * `--write` writes results/registrations.md; `--short` takes a tenth of them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectedAt, LiveMemory } from '../fuzz/live-memory.js';
import { startManager } from '../../test/support/manager-process.js';
import { register } from '../../test/support/puppet-server.js';
import { startTokenServer } from '../../test/support/token-server.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  type WecomApp,
} from '../../test/support/wecom.js';
import { commit } from './commit.js';
import { fillRegistry, type Sharing } from './fill-registry.js';

const REGISTRATIONS = process.argv.includes('--short') ? 2_000 : 20_000;
const AT_ONCE = 16;

const KINDS: Readonly<Record<Sharing, string>> = {
  keys: '1,000 accounts with the same keys and secret',
  corp: '1,000 accounts of a corp, each with keys and a secret of its own',
  nothing: 'each with a corp, keys and a secret of its own',
};
const REGISTERED = 'the last, when they have just registered over HTTP';

/** After a full collection. */
interface Weight {
  /** Heap and buffers. */
  readonly liveKb: number;
  /** As the system sees it: with what OpenSSL holds, and with what the allocator keeps. */
  readonly residentKb: number;
}

async function weigh(pid: number, inspectorPort: number): Promise<Weight> {
  const liveKb = (await LiveMemory.at(inspectorPort)) * 1_024;
  const rss = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return { liveKb, residentKb: Number(rss) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function forEach<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = Iterator.from(items);
  const workThrough = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workThrough));
}

/** Sends as many events as there are registrations, of the apps in turn; each is opened and goes to no puppet. */
async function openWithEach(url: string, apps: readonly WecomApp[]): Promise<void> {
  const inTurn = Array.from({ length: REGISTRATIONS }, (_, n) => apps[n % apps.length] as WecomApp);
  await forEach(inTurn, async (app) => {
    const event = kfMessageXml(app, newOpenKfId()).replace('kf_msg_or_event', 'kf_account_auth_change');
    const answer = await postCallback(url, app, sealCallback(app, event));
    if ((await answer.text()) !== 'success') throw new Error(`a callback was answered ${answer.status}`);
  });
}

/** As many puppets, each of a corp of its own, which a WeCom is asked about that accepts all secrets. */
async function registerEach(url: string): Promise<void> {
  const apps = Array.from({ length: REGISTRATIONS }, () => newApp());
  await forEach(apps, (app) =>
    register(url, app, newOpenKfId(), `http://${app.corpId}.bots.svc.cluster.local:8080`),
  );
}

/** Weighs a manager on the store, and once more after `work`. */
async function weighed(dataDir: string, work: (url: string) => Promise<void>): Promise<[Weight, Weight]> {
  const inspectorPort = await freePort();
  const tokens = await startTokenServer();
  const manager = await startManager({
    DATA_DIR: dataDir,
    ACCESS_TOKEN_URL: tokens.url,
    NODE_OPTIONS: inspectedAt(inspectorPort),
  });
  try {
    const loaded = await weigh(manager.pid, inspectorPort);
    await work(manager.url);
    return [loaded, await weigh(manager.pid, inspectorPort)];
  } finally {
    await manager.stop();
    await tokens.close();
  }
}

/** What one registration makes the difference by. */
function each(weight: Weight, without: Weight): string {
  return [weight.liveKb - without.liveKb, weight.residentKb - without.residentKb]
    .map((kB) => `${(kB / REGISTRATIONS).toFixed(1)} kB`)
    .join(' | ');
}

const root = mkdtempSync(join(tmpdir(), 'wxkf-registrations-bench-'));
try {
  const few = await fillRegistry(join(root, 'few'), 1);
  const [loadedFew, openedFew] = await weighed(join(root, 'few'), (url) => openWithEach(url, few.apps));
  const rows: string[] = [];
  for (const sharing of ['keys', 'corp', 'nothing'] as const) {
    process.stdout.write(`${KINDS[sharing]} …\n`);
    const dataDir = join(root, sharing);
    const { apps } = await fillRegistry(dataDir, REGISTRATIONS, sharing);
    const [loaded, opened] = await weighed(dataDir, (url) => openWithEach(url, apps));
    rows.push(`| ${KINDS[sharing]} | ${each(loaded, loadedFew)} | ${each(opened, openedFew)} |`);
  }
  process.stdout.write(`${REGISTERED} …\n`);
  const [none, registered] = await weighed(join(root, 'registered'), registerEach);
  rows.push(`| ${REGISTERED} | ${each(registered, none)} | | |`);
  const report = [
    `${REGISTRATIONS} registrations in the embedded store, what one of them takes. ${cpus()[0]?.model}, ${cpus().length} cores; Node ${process.versions.node}; commit ${commit(process.cwd())}; ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| registrations | live, loaded | RSS | live, after a callback for each | RSS |',
    '|---|--:|--:|--:|--:|',
    ...rows,
    '',
    '_live_: heap and buffers after a full collection. RSS: what the system counts then, OpenSSL’s and free pages among it. Both less those of a manager with one registration, after as many callbacks; of the last row less those before the first registration.',
    '',
  ].join('\n');
  process.stdout.write(`\n${report}`);
  if (process.argv.includes('--write'))
    writeFileSync(
      'lab/bench/results/registrations.md',
      `# What a registration takes\n\n    npm run bench:registrations -w lab\n\n${report}`,
    );
} finally {
  rmSync(root, { recursive: true, force: true });
}
