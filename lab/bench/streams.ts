/**
 * What streams cost: memory of 10,000 connections of one process, events a second over them, how long one takes to its client,
 * and whether 1,000 clients that do not read slow the others. `--short` has a tenth of it; `--write` writes results/streams.md.
 */
import { readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import { type ManagerProcess, startManager } from '../../test/support/manager-process.js';
import { startMongo } from '../../test/support/mongo/mongo-server.js';
import { withDatabase } from '../../test/support/mongo/uri.js';
import { commit } from './commit.js';

const isShort = process.argv.includes('--short');
const CLIENTS = isShort ? 1_000 : 10_000;
const SLOW = CLIENTS / 10;
const BOT_ACCOUNTS = 1_000;
const AT_ONCE = 100;
const SETTLE_MS = 3_000;
const IDLE_MS = isShort ? 3_000 : 10_000;
const LOAD_MS = isShort ? 5_000 : 20_000;
const RATE_PER_S = 500;
const CALLERS = 64;
const FEW = 20;
const FEW_PER_S = { busy: 100, quiet: 4 };
const CORP = 'wwBenchStreams';
/** Of the issue that asked for streams. */
const MEMORY_KB_MAX = 30;
/** Linux counts in hundredths of a second. */
const TICKS_PER_S = 100;

/** When each event was sent, by its sync token. */
const sentAt = new Map<string, number>();
const latencies: number[] = [];
let tokens = 0;

class BenchClient {
  isSlow = false;
  readonly socket: WebSocket;

  constructor(url: string, key: string, account: string) {
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/puppetWxkfManager/stream`, {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
    });
    this.socket.on('open', () =>
      this.#send({ type: 'hello', version: 1, clientId: account, openKfIds: [account] }),
    );
    this.socket.on('message', (data) => this.#read(JSON.parse(String(data))));
  }

  whenReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('message', () => resolve());
      this.socket.once('error', reject);
    });
  }

  /** Its system's buffers fill, and then the manager's. */
  stopReading(): void {
    this.isSlow = true;
    this.socket.pause();
  }

  #read(frame: {
    readonly type: string;
    readonly id: string;
    readonly token: string;
    readonly at: number;
  }): void {
    if (frame.type === 'ping') this.#send({ type: 'pong', at: frame.at });
    if (frame.type !== 'event') return;
    const atMs = sentAt.get(frame.token);
    if (atMs !== undefined) latencies.push(performance.now() - atMs);
    sentAt.delete(frame.token);
    this.#send({ type: 'ack', id: frame.id });
  }

  #send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-bench-streams-'));
  const manager = await startManager({
    DATA_DIR: dataDir,
    CONNECTIONS_MAX: '30000',
    CONNECTIONS_PER_ADDRESS_MAX: '30000',
    LOG_HEALTHY_ONE_IN: '1000000',
  });
  try {
    const lines = await measure(manager);
    report([...lines, await measureReplicas()]);
  } finally {
    await manager.stop('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measure(manager: ManagerProcess): Promise<string[]> {
  const accounts = Array.from({ length: CLIENTS }, (_, n) => `wkBench${n}`);
  const keys: string[] = [];
  for (let from = 0; from < CLIENTS; from += BOT_ACCOUNTS)
    keys.push(await addBot(manager.url, accounts.slice(from, from + BOT_ACCOUNTS)));
  await pause(SETTLE_MS);
  const before = rssKb(manager.pid);
  const startedMs = performance.now();
  const clients = await connectAll(manager.url, accounts, keys);
  const connectS = (performance.now() - startedMs) / 1_000;
  await pause(SETTLE_MS);
  const perConnectionKb = (rssKb(manager.pid) - before) / CLIENTS;
  const idleFrom = cpuS(manager.pid);
  await pause(IDLE_MS);
  const idleShare = (cpuS(manager.pid) - idleFrom) / (IDLE_MS / 1_000);
  const pool = new Pool(manager.url, { connections: CALLERS });
  const paced = await pacedLoad(pool, accounts);
  const most = await fullLoad(manager, pool, accounts);
  for (const client of clients.slice(0, SLOW)) client.stopReading();
  const others = accounts.slice(SLOW);
  // Their callbacks wait a second each, on connections of their own.
  const slowPool = new Pool(manager.url, { connections: SLOW });
  const toSlow = Promise.all(accounts.slice(0, SLOW).map((account) => tell(slowPool, account)));
  await toSlow;
  const besideSlow = await pacedLoad(pool, others);
  await Promise.all([pool.destroy(), slowPool.destroy()]);
  for (const { socket } of clients) socket.terminate();
  return [
    `${CLIENTS.toLocaleString('en')} connections in ${connectS.toFixed(1)} s; memory of each ${perConnectionKb.toFixed(1)} kB (at most ${MEMORY_KB_MAX})${perConnectionKb > MEMORY_KB_MAX && !isShort ? ': **DOES NOT HOLD**' : ''}`,
    `idle with all of them: ${(idleShare * 100).toFixed(2)} % of a core`,
    `${RATE_PER_S} events a second: from the callback to the client p50 ${paced.p50} ms, p99 ${paced.p99} ms`,
    `as many as go, ${CALLERS} callers: ${most.perS.toFixed(0)} events a second, ${most.cpuMs.toFixed(2)} ms of CPU each`,
    `${RATE_PER_S} events a second to others beside ${SLOW.toLocaleString('en')} clients that do not read: p50 ${besideSlow.p50} ms, p99 ${besideSlow.p99} ms`,
  ];
}

/** Callbacks at one replica, whose clients are connected to the other. */
async function measureReplicas(): Promise<string> {
  const mongo = await startMongo();
  const env = { MONGO_URI: withDatabase(mongo.uri, `bench${process.pid}`) };
  const [here, there] = await Promise.all([startManager(env), startManager(env)]);
  try {
    const accounts = Array.from({ length: FEW }, (_, n) => `wkFew${n}`);
    const key = await addBot(there.url, accounts);
    const clients = await connectAll(there.url, accounts, [key]);
    await untilConnected(here.url, FEW);
    const [at, over] = [new Pool(there.url, { connections: FEW }), new Pool(here.url, { connections: FEW })];
    const direct = await pacedLoad(at, accounts, FEW_PER_S.busy);
    const busy = await pacedLoad(over, accounts, FEW_PER_S.busy);
    const quiet = await pacedLoad(over, accounts, FEW_PER_S.quiet);
    await Promise.all([at.destroy(), over.destroy()]);
    for (const { socket } of clients) socket.terminate();
    return `two replicas on MongoDB (${mongo.kind}), ${FEW_PER_S.busy} events a second: to a client of the replica that took the callback p50 ${direct.p50} ms, p99 ${direct.p99} ms; to one of the other replica p50 ${busy.p50} ms, p99 ${busy.p99} ms, and with ${FEW_PER_S.quiet} events a second p50 ${quiet.p50} ms, p99 ${quiet.p99} ms`;
  } finally {
    await Promise.all([here.stop('SIGKILL'), there.stop('SIGKILL')]);
    await mongo.stop();
  }
}

/** Until the replica knows so many connections, here or elsewhere. */
async function untilConnected(url: string, count: number): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/api/v1/connections?limit=${count}`);
    const { items } = (await response.json()) as { readonly items: readonly unknown[] };
    if (items.length === count) return;
    await pause(100);
  }
}

async function addBot(url: string, openKfIds: readonly string[]): Promise<string> {
  const response = await fetch(`${url}/api/v1/bots`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', corpId: CORP, openKfIds, kind: 'stream', takes: 'event' }),
  });
  const { key } = (await response.json()) as { readonly key: string };
  return key;
}

async function connectAll(
  url: string,
  accounts: readonly string[],
  keys: readonly string[],
): Promise<readonly BenchClient[]> {
  const clients: BenchClient[] = [];
  for (let from = 0; from < accounts.length; from += AT_ONCE) {
    const some = accounts.slice(from, from + AT_ONCE).map((account, n) => {
      const key = keys[Math.floor((from + n) / BOT_ACCOUNTS)] ?? '';
      return new BenchClient(url, key, account);
    });
    await Promise.all(some.map((client) => client.whenReady()));
    clients.push(...some);
  }
  return clients;
}

async function tell(pool: Pool, openKfId: string): Promise<void> {
  const token = `ENC${tokens++}`;
  sentAt.set(token, performance.now());
  const { body } = await pool.request({
    method: 'POST',
    path: `/callback/decrypted/${CORP}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ openKfId, token }),
  });
  await body.dump();
}

async function pacedLoad(
  pool: Pool,
  accounts: readonly string[],
  ratePerS = RATE_PER_S,
): Promise<{ p50: string; p99: string }> {
  latencies.length = 0;
  const startedMs = performance.now();
  const under: Promise<void>[] = [];
  for (let sent = 0; performance.now() - startedMs < LOAD_MS;) {
    const due = ((performance.now() - startedMs) * ratePerS) / 1_000;
    for (; sent < due; sent++) under.push(tell(pool, pick(accounts)));
    await pause(2);
  }
  await Promise.all(under);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1);
  return { p50: at(0.5), p99: at(0.99) };
}

async function fullLoad(
  { pid }: ManagerProcess,
  pool: Pool,
  accounts: readonly string[],
): Promise<{ perS: number; cpuMs: number }> {
  const [cpuFrom, startedMs] = [cpuS(pid), performance.now()];
  let count = 0;
  const call = async (): Promise<void> => {
    while (performance.now() - startedMs < LOAD_MS) {
      await tell(pool, pick(accounts));
      count++;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  const seconds = (performance.now() - startedMs) / 1_000;
  return { perS: count / seconds, cpuMs: ((cpuS(pid) - cpuFrom) * 1_000) / count };
}

function pick(accounts: readonly string[]): string {
  return accounts[Math.floor(Math.random() * accounts.length)] ?? '';
}

function rssKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Time on the CPU, of all threads (man 5 proc_pid_stat). */
function cpuS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

function report(lines: readonly string[]): void {
  const head = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}, commit ${commit(process.cwd())}, ${isShort ? 'short' : 'long'} form; clients and callers share the cores`;
  const text = [`- machine: ${head}`, ...lines.map((line) => `- ${line}`)].join('\n');
  process.stdout.write(`${text}\n`);
  if (process.argv.includes('--write'))
    writeFileSync(
      'lab/bench/results/streams.md',
      `# What streams cost\n\nWritten by \`npm run bench:streams -w lab -- --write\`.\n\n${text}\n`,
    );
  if (lines.some((line) => line.includes('DOES NOT HOLD'))) process.exitCode = 1;
}

await main();
