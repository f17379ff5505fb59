/**
 * `npm run fuzz -w lab`: hostile inputs for the built manager, seeded, on both stores. It talks to loopback only, ends
 * within a fixed time, and ends only the processes that it started.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from '../faults/report.js';
import { Run, type StoreKind } from '../faults/run.js';
import { SEED } from '../../test/support/seeded.js';
import { Findings } from './findings.js';
import { KINDS, type Kind } from './input.js';
import { batchesOf, slowBatchesOf } from './kinds/all.js';
import { Round } from './round.js';
import { startServers } from './servers.js';
import { Tally } from './tally.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STORES = ['embedded', 'mongodb'] as const;

const HELP = `npm run fuzz -w lab -- [options]

  --short          3,000 inputs on each store, as CI runs it; the whole are 60,000
  --inputs <n>     so many
  --only <kind>    one kind: ${KINDS.join(', ')}
  --store <kind>   one store: ${STORES.join(' or ')}
  --seed <n>       the same inputs again
  --path <path>    with the --seed and --only of a finding: this input alone, and what it shrinks to

Exit code 1 when anything was found.`;

const LONG = { inputs: 60_000, slow: 40, limitMs: 60 * 60_000 };
const SHORT = { inputs: 3_000, slow: 8, limitMs: 120_000 };

interface Options {
  readonly isShort: boolean;
  readonly inputs: number;
  readonly only: Kind | null;
  readonly stores: readonly StoreKind[];
  readonly seed: number;
  readonly path: string | null;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @returns `null` where help was asked for. @throws Error for a person. */
function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      inputs: { type: 'string' },
      only: { type: 'string' },
      store: { type: 'string' },
      seed: { type: 'string', default: String(SEED) },
      path: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (values.path !== undefined && (!/^\d+$/.test(values.path) || values.only === undefined))
    throw new Error('--path takes what a finding says, with its --seed and --only');
  const form = values.short ? SHORT : LONG;
  return {
    isShort: values.short,
    inputs: values.inputs === undefined ? form.inputs : toNumber('inputs', values.inputs),
    only: values.only === undefined ? null : oneOf('only', KINDS, values.only),
    stores: values.store === undefined ? STORES : [oneOf('store', STORES, values.store)],
    seed: toNumber('seed', values.seed),
    path: values.path ?? null,
  };
}

function toNumber(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} takes a whole number; not ${text}`);
  return Number(text);
}

function oneOf<T extends string>(name: string, known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new Error(`--${name} takes ${known.join(', ')}; not ${text}`);
  return found;
}

/** Each round says where its tokens come from. */
const NO_TOKENS = '';

function makeRun({ isShort, seed }: Options): Run {
  const temp = mkdtempSync(join(tmpdir(), 'wxkf-fuzz-'));
  const run = new Run(ROOT, temp, isShort, seed, 'embedded', NO_TOKENS);
  run.onEnd(() => rmSync(temp, { recursive: true, force: true }));
  return run;
}

/** @returns why not, where there is none. */
async function withoutStore(run: Run, store: StoreKind): Promise<string | null> {
  if (store === 'embedded') return null;
  try {
    await run.database();
    return null;
  } catch (error) {
    if (error instanceof Error && error.name === 'MongoUnavailable') return error.message;
    throw error;
  }
}

function batchesFor({ isShort, inputs, only, seed, path }: Options, store: StoreKind) {
  if (path !== null && only !== null) return { batches: [{ kind: only, seed, path, count: 1 }], slow: [] };
  // Time-outs know no store, and a short run has no time to wait for them twice.
  const isSlowToo = (only === null || only === 'slow') && !(isShort && store === 'mongodb');
  return {
    batches: only === 'slow' ? [] : batchesOf(seed, only, inputs),
    slow: isSlowToo ? slowBatchesOf(seed, (isShort ? SHORT : LONG).slow) : [],
  };
}

/** @returns the exit code. */
async function fuzz(run: Run, options: Options): Promise<number> {
  const { seed, isShort } = options;
  // What breaks because everything is being taken away is no news.
  const findings = new Findings(seed, (line) => {
    if (!run.isEnding) say(line);
  });
  const tally = new Tally();
  const lines: string[] = [];
  let isMissing = false;
  const runOn = async (store: StoreKind) => {
    const missing = await withoutStore(run, store);
    if (missing !== null) {
      isMissing = true;
      lines.push(`- ${store}: **not run**: ${missing}`);
      return;
    }
    // Its own, since what another round has delivered would count as this one's.
    const servers = await startServers();
    run.onEnd(() => servers.close());
    const plan = { store, ...batchesFor(options, store) };
    const round = await Round.start(run, plan, servers, findings);
    const startedMs = performance.now();
    await round.send();
    const seconds = (performance.now() - startedMs) / 1_000;
    tally.addAll(round.tally);
    const said = [
      `- ${store}: ${round.tally.total.toLocaleString('en-US')} inputs in ${seconds.toFixed(0)} s`,
      `slowest answer ${round.tally.slowest.ms.toFixed(0)} ms (${round.tally.slowest.shape})`,
      ...(round.memory.isWeighed ? [`memory ${round.memory}`] : []),
    ];
    lines.push(said.join('; '));
  };
  say(`seed ${seed}`);
  const rounds = options.stores.map((store) => () => runOn(store));
  // A short run is to end soon and mostly waits for its slow inputs.
  if (isShort) await Promise.all(rounds.map((round) => round()));
  else for (const round of rounds) await round();
  say(`\n${[machine(ROOT, run.form), ...lines].join('\n')}\n\n${tally}\n\n${findings.count} findings`);
  return findings.count > 0 || (isMissing && process.env.CI) ? 1 : 0;
}

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions();
  } catch (error) {
    say(String(error));
    return 2;
  }
  if (options === null) {
    say(HELP);
    return 0;
  }
  const run = makeRun(options);
  run.guard((run.isShort ? SHORT : LONG).limitMs);
  const code = await fuzz(run, options).catch((error: unknown) => {
    if (!run.isEnding) say(`FAILED: ${error instanceof Error ? error.stack : error}`);
    return 1;
  });
  // Whoever interrupted it ends it.
  if (run.isEnding) await new Promise(() => undefined);
  await run.end();
  return code;
}

process.exit(await main());
