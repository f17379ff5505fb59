/**
 * The load test. Callbacks delivered per second on one core, ours beside a hand-written program (a) and the
 * naive stack (b), in one run and in turns; what ours keeps while every puppet is down; access tokens and API
 * calls; what open consoles cost; messages that it pulls. It talks to 127.0.0.1 only, ends within a fixed time, and ends only the processes that it started.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startMongo } from '../../test/support/mongo/mongo-server.js';
import { type Account, makeAccounts } from './load/accounts.js';
import type { Child } from './load/child.js';
import { measureConsoles } from './load/consoles.js';
import { moveTo, planCores } from './load/cores.js';
import { type DeliveryPlan, measureDelivery } from './load/delivery.js';
import { measureDeliveryLog } from './load/delivery-log.js';
import { measureIsolation } from './load/isolation.js';
import { measureKeep } from './load/keep.js';
import { prepareNaive } from './load/naive.js';
import { PROGRAM_KEYS, type Setting, type StartedKey } from './load/programs.js';
import { type Database, measureMessages, type MessagesPlan } from './load/messages.js';
import { measureProxy } from './load/proxy.js';
import {
  failureLines,
  isolationSection,
  keepSection,
  machine,
  notices,
  type Part,
  proxySection,
  tokenSection,
  tunnelSection,
} from './load/report.js';
import { Sink } from './load/sink.js';
import { measureToken } from './load/token.js';
import { measureTunnel } from './load/tunnel.js';
import {
  figureVerdict,
  isMissed,
  isolationVerdict,
  KEPT_PER_S_MIN,
  KEPT_RATIO_MIN,
  PROXY_RATIO_MIN,
  ratioVerdicts,
  TOKENS_PER_S_MIN,
  type Verdict,
} from './load/verdict.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ACCOUNTS = 20;
const CONNECTIONS = 64;
const OTHER_PARTS = ['keep', 'token', 'proxy', 'tunnel', 'isolation', 'console', 'log', 'messages'] as const;

type Plan = DeliveryPlan & {
  /** Of the parts about WeCom's API. */
  readonly apiRounds: number;
  readonly isolationRounds: number;
  readonly consoleRounds: number;
  readonly logPairs: number;
  readonly logRounds: number;
  /** Of each of the many accounts whose puppets are down. */
  readonly keepPerAccount: number;
  readonly messages: Pick<MessagesPlan, 'rounds' | 'backlog' | 'warmUpRounds' | 'idle' | 'pacedMs'>;
  /** The run is given up then. */
  readonly limitMs: number;
};

/** Many short rounds rather than few long ones: a neighbour's burst then spoils some of them, not the median. */
const FULL: Plan = {
  rounds: 12,
  apiRounds: 10,
  isolationRounds: 6,
  consoleRounds: 8,
  logPairs: 10,
  logRounds: 4,
  measureMs: 2_000,
  connections: CONNECTIONS,
  // Fewer of (b), which takes long.
  warmUp: {
    a: 30_000,
    ours: 30_000,
    bots: 30_000,
    before: 30_000,
    b: 10_000,
    keep: 30_000,
    token: 30_000,
    proxy: 30_000,
    tunnel: 30_000,
    relay: 30_000,
  },
  warmUpLimitMs: 15_000,
  perAccount: 1_000,
  keepPerAccount: 10,
  messages: {
    rounds: 6,
    backlog: { embedded: 500, mongo: 50 },
    warmUpRounds: 2,
    idle: 200,
    pacedMs: 6_000,
  },
  limitMs: 1_800_000,
};
/** For CI: shows that all of it still works; its figures only hint. */
const SHORT: Plan = {
  rounds: 1,
  apiRounds: 1,
  isolationRounds: 1,
  consoleRounds: 1,
  logPairs: 1,
  logRounds: 1,
  measureMs: 500,
  connections: CONNECTIONS,
  warmUp: {
    a: 500,
    ours: 500,
    bots: 500,
    before: 500,
    b: 500,
    // Until each circuit is open.
    keep: 3_000,
    token: 500,
    proxy: 500,
    tunnel: 500,
    relay: 500,
  },
  warmUpLimitMs: 2_000,
  perAccount: 200,
  keepPerAccount: 2,
  messages: {
    rounds: 1,
    backlog: { embedded: 50, mongo: 5 },
    warmUpRounds: 1,
    idle: 10,
    pacedMs: 500,
  },
  limitMs: 400_000,
};

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    before: { type: 'string' },
  },
});
const plan = options.short ? SHORT : FULL;
const cores = planCores();

/** Undone last first, whatever happens. */
const cleanUps: (() => unknown)[] = [];
let cleanedUp: Promise<void> | undefined;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function cleanUp(): Promise<void> {
  cleanedUp ??= (async () => {
    for (const undo of cleanUps.reverse()) {
      await Promise.resolve(undo()).catch((error: unknown) => say(`while cleaning up: ${error}`));
    }
  })();
  return cleanedUp;
}

function endOn(reason: string, code: number): void {
  say(reason);
  cleanUp().finally(() => process.exit(code));
}

process.once('SIGINT', () => endOn('interrupted', 130));
process.once('SIGTERM', () => endOn('interrupted', 143));
process.once('uncaughtException', (error) => endOn(`FAILED: ${error.stack}`, 1));
setTimeout(() => endOn(`gave up after ${plan.limitMs / 1000} s`, 1), plan.limitMs).unref();

function wantedKeys(): ReadonlySet<string> {
  const all: readonly string[] = [...PROGRAM_KEYS, ...OTHER_PARTS];
  const wanted = options.only?.split(',') ?? all;
  const unknown = wanted.filter((key) => !all.includes(key));
  if (unknown.length > 0) throw new Error(`--only takes ${all.join(', ')}; not ${unknown.join(', ')}`);
  return new Set(wanted);
}

/** An earlier build takes its turn right after ours. */
function programsOf(wanted: ReadonlySet<string>): StartedKey[] {
  const keys = PROGRAM_KEYS.filter((key) => wanted.has(key));
  return options.before === undefined
    ? keys
    : keys.flatMap((key): StartedKey[] => (key === 'ours' ? [key, 'before'] : [key]));
}

let database: Promise<Database> | undefined;

/** The same for all who need one. @throws MongoUnavailable */
function startDatabase(): Promise<Database> {
  database ??= (async () => {
    moveTo(cores?.database);
    try {
      const mongo = await startMongo();
      cleanUps.push(() => mongo.stop());
      say(`MongoDB: ${mongo.kind}`);
      return mongo;
    } finally {
      moveTo(cores?.load);
    }
  })();
  return database;
}

/** @returns `undefined` when what `whose` needs cannot be had; it is then left out. */
async function databaseFor(whose: string, prepareIt: () => void): Promise<Database | undefined> {
  try {
    prepareIt();
    return await startDatabase();
  } catch (error) {
    const [reason] = String(error).split('\n');
    say(`${whose} is left out: ${reason}`);
    return undefined;
  }
}

async function prepare(accounts: readonly Account[], keys: readonly StartedKey[]): Promise<Setting> {
  const temp = mkdtempSync(join(tmpdir(), 'wxkf-bench-'));
  cleanUps.push(() => rmSync(temp, { recursive: true, force: true }));
  const naive = keys.includes('b') ? await databaseFor('(b)', () => prepareNaive(ROOT)) : undefined;
  moveTo(cores?.load);
  const setting: Setting = {
    root: ROOT,
    before: options.before === undefined ? undefined : resolve(options.before),
    temp,
    accounts,
    accountsFile: join(temp, 'accounts.json'),
    mongoUri: naive?.uri,
    serverCore: cores?.server,
  };
  writeFileSync(setting.accountsFile, JSON.stringify(accounts));
  return setting;
}

function exitCode(failures: readonly string[], results: readonly Verdict[]): number {
  for (const line of failures) say(`FAILED: ${line}`);
  const missed = results.some(isMissed);
  if (missed && options.short) say('A target was missed, which a short run on a shared machine may do.');
  return failures.length > 0 || (missed && !options.short) ? 1 : 0;
}

const started = (child: Child) => void cleanUps.push(() => child.stop());

async function keepPart(setting: Setting): Promise<Part> {
  const keepPlan = { ...plan, warmUp: plan.warmUp.keep, perAccount: plan.keepPerAccount };
  const result = await measureKeep(setting, keepPlan, started, say);
  const { rounds } = result;
  const [kept = [], before = []] = [rounds.get('keep'), rounds.get('keptBefore')];
  const verdict = figureVerdict('kept durably', kept, KEPT_PER_S_MIN);
  const beside = ratioVerdicts('ours / (before)', kept, before, KEPT_RATIO_MIN);
  return { rounds, text: [keepSection(result, verdict, beside)], results: [verdict, ...beside] };
}

async function tokenPart(setting: Setting): Promise<Part> {
  const result = await measureToken(setting, { ...plan, rounds: plan.apiRounds }, started, say);
  const verdict = figureVerdict('tokens given', result.rounds, TOKENS_PER_S_MIN);
  return {
    rounds: new Map([['token', result.rounds]]),
    text: [tokenSection(result, verdict)],
    results: [verdict],
  };
}

async function proxyPart(setting: Setting): Promise<Part> {
  const rounds = await measureProxy(setting, { ...plan, rounds: plan.apiRounds }, started, say);
  const results = ratioVerdicts('ours / relay', rounds.get('proxy'), rounds.get('relay'), PROXY_RATIO_MIN);
  return { rounds, text: [proxySection(rounds, results)], results };
}

async function tunnelPart(setting: Setting): Promise<Part> {
  const rounds = await measureTunnel(setting, { ...plan, rounds: plan.apiRounds }, started, say);
  return { rounds, text: [tunnelSection(rounds)], results: [] };
}

async function isolationPart(setting: Setting, sink: Sink): Promise<Part> {
  const rounds = await measureIsolation(
    setting,
    sink,
    { ...plan, rounds: plan.isolationRounds },
    started,
    say,
  );
  const verdict = isolationVerdict(rounds.get('alone'), rounds.get('beside'));
  return { rounds, text: [isolationSection(rounds, verdict)], results: [verdict] };
}

async function logPart(setting: Setting, sink: Sink): Promise<Part> {
  // As on a site: on one core the threads that write, compress and collect garbage would hold up the main one.
  const unbound = { ...setting, serverCore: cores?.all };
  return measureDeliveryLog(
    unbound,
    sink,
    { ...plan, pairs: plan.logPairs, rounds: plan.logRounds },
    started,
    say,
  );
}

async function messagesPart(setting: Setting, sink: Sink): Promise<Part> {
  const mongo = await databaseFor('MongoDB', () => {});
  return measureMessages(setting, sink, { ...plan, ...plan.messages }, mongo, started, say);
}

async function main(): Promise<number> {
  const wanted = wantedKeys();
  const sink = await Sink.open(ACCOUNTS);
  cleanUps.push(() => sink.close());
  const programs = programsOf(wanted);
  const setting = await prepare(makeAccounts(sink.endpoints), programs);
  const parts: Part[] = [];
  if (programs.length > 0) parts.push(await measureDelivery(programs, setting, sink, plan, started, say));
  if (wanted.has('keep')) parts.push(await keepPart(setting));
  if (wanted.has('token')) parts.push(await tokenPart(setting));
  if (wanted.has('proxy')) parts.push(await proxyPart(setting));
  if (wanted.has('tunnel')) parts.push(await tunnelPart(setting));
  if (wanted.has('isolation')) parts.push(await isolationPart(setting, sink));
  if (wanted.has('console')) {
    parts.push(await measureConsoles(setting, sink, { ...plan, rounds: plan.consoleRounds }, started, say));
  }
  if (wanted.has('log')) parts.push(await logPart(setting, sink));
  if (wanted.has('messages')) parts.push(await messagesPart(setting, sink));

  const rounds = new Map(parts.flatMap((part) => [...part.rounds]));
  const remarks = notices(rounds, cores).map((line) => `- ${line}`);
  const report = [
    machine(ROOT, cores),
    ...parts.flatMap(({ text }) => text),
    ...(remarks.length > 0 ? [remarks.join('\n')] : []),
  ].join('\n\n');
  say(`\n${report}\n`);
  if (options.write) writeReport(report);
  return exitCode(
    failureLines(rounds),
    parts.flatMap(({ results }) => results),
  );
}

function writeReport(report: string): void {
  mkdirSync(join(ROOT, 'lab/bench/results'), { recursive: true });
  const title =
    '# Callbacks delivered per second on one core\n\nWritten by `npm run bench -w lab -- --write`.';
  writeFileSync(join(ROOT, 'lab/bench/results/callbacks.md'), `${title}\n\n${report}\n`);
}

main()
  .catch((error: unknown) => {
    say(`FAILED: ${error instanceof Error ? error.message : error}`);
    return 1;
  })
  .then(async (code) => {
    await cleanUp();
    process.exit(code);
  });
