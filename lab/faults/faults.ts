/**
 * `npm run faults -w lab`: does to the built manager what may happen to it, and counts what was lost. It talks to
 * 127.0.0.1 only, ends within a fixed time, and ends only the processes that it started.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SEED } from '../../test/support/seeded.js';
import { startTokenServer } from '../../test/support/token-server.js';
import { isNotRun, machine, remarks, table } from './report.js';
import { Run } from './run.js';
import type { NotRun, Row, Scenario } from './scenario.js';
import { agents } from './scenarios/agents.js';
import { databaseOutage } from './scenarios/database-outage.js';
import { hostilePuppets } from './scenarios/hostile-puppets.js';
import { inFlightRace } from './scenarios/in-flight-race.js';
import { intruders } from './scenarios/intruders.js';
import { killInsideWindows } from './scenarios/kill-inside-windows.js';
import { killUnderLoad } from './scenarios/kill-under-load.js';
import { messages } from './scenarios/messages.js';
import { people } from './scenarios/people.js';
import { overload } from './scenarios/overload.js';
import { receiverDown } from './scenarios/receiver-down.js';
import { rollingRestart } from './scenarios/rolling-restart.js';
import { slowBots } from './scenarios/slow-bots.js';
import { storm } from './scenarios/storm.js';
import { streams } from './scenarios/streams.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** In the order of the table. */
const SCENARIOS: readonly Scenario[] = [
  killUnderLoad,
  databaseOutage,
  killInsideWindows,
  inFlightRace,
  hostilePuppets,
  intruders,
  receiverDown,
  slowBots,
  storm,
  overload,
  rollingRestart,
  messages,
  people,
  agents,
  streams,
];
const NAMES = SCENARIOS.map(({ name }) => name);

const HELP = `npm run faults -w lab -- [options]

  --short          about a minute, as CI runs it; the whole takes about an hour
  --only <name>    some scenarios, comma-separated: ${NAMES.join(', ')}
  --except <name>  all but these
  --store <kind>   embedded (default) or mongodb, for those that run on either
  --seed <n>       the same random choices again
  --write          also writes lab/faults/results/newest.md

Exit code 1 when anything was lost or a bound did not hold.`;

/** Most wait for a while. With four the bounds of time are met no more, on two cores. */
const SHORT_AT_ONCE = 3;
const LIMIT_SHORT_MS = 420_000;
const LIMIT_LONG_MS = 100 * 60_000;

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    except: { type: 'string' },
    store: { type: 'string', default: 'embedded' },
    seed: { type: 'string', default: String(SEED) },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wanted(): readonly Scenario[] {
  const names = namesIn('only') ?? NAMES;
  const others = namesIn('except') ?? [];
  return SCENARIOS.filter(({ name }) => names.includes(name) && !others.includes(name));
}

function namesIn(option: 'only' | 'except'): readonly string[] | undefined {
  const names = options[option]?.split(',');
  const unknown = names?.filter((name) => !NAMES.includes(name)) ?? [];
  if (unknown.length > 0) throw new Error(`--${option} takes ${NAMES.join(', ')}; not ${unknown.join(', ')}`);
  return names;
}

async function makeRun(): Promise<Run> {
  const { store, seed } = options;
  if (store !== 'embedded' && store !== 'mongodb')
    throw new Error(`--store takes embedded or mongodb; not ${store}`);
  if (!/^\d{1,10}$/.test(seed)) throw new Error(`--seed takes a whole number; not ${seed}`);
  const temp = mkdtempSync(join(tmpdir(), 'wxkf-faults-'));
  const tokens = await startTokenServer();
  const run = new Run(ROOT, temp, options.short, Number(seed), store, tokens.url);
  run.onEnd(() => tokens.close());
  run.onEnd(() => rmSync(temp, { recursive: true, force: true }));
  return run;
}

async function fromOptions(): Promise<{ run: Run; scenarios: readonly Scenario[] }> {
  try {
    const scenarios = wanted();
    return { run: await makeRun(), scenarios };
  } catch (error) {
    say(String(error));
    process.exit(2);
  }
}

type Results = Map<Scenario, readonly (Row | NotRun)[]>;

async function runAll(run: Run, scenarios: readonly Scenario[]): Promise<Results> {
  const results: Results = new Map();
  const those = (...which: readonly Scenario['runs'][]) =>
    scenarios.filter(({ runs }) => which.includes(runs));
  const runThose = async (left: Scenario[], atOnce = left.length) => {
    const work = async () => {
      for (let scenario = left.shift(); scenario; scenario = left.shift()) {
        await runOne(run, scenario, results);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  };
  if (run.isShort) {
    await Promise.all([runThose(those('beside')), runThose(those('in turn', 'alone'), SHORT_AT_ONCE)]);
  } else {
    await Promise.all([runThose(those('beside')), runThose(those('in turn'), 2)]);
    await runThose(those('alone'), 1);
  }
  return results;
}

async function runOne(run: Run, scenario: Scenario, results: Results): Promise<void> {
  const startedAtMs = performance.now();
  say(`${scenario.name}: begins`);
  const rows = await scenario.run(run);
  results.set(scenario, rows);
  const broken = rows.flatMap((row) => (isNotRun(row) ? [row.notRun] : row.broken));
  say(
    `${scenario.name}: ${broken.join('; ') || 'holds'} (${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s)`,
  );
}

function write(report: string): void {
  const text = [
    '# What was done to the manager, and what was lost',
    'Written by `npm run faults -w lab -- --write`.',
    report,
    'A callback that was answered 200 for an account counts as lost unless a delivery to that account began after ' +
      'the callback was sent and was answered 2xx by the puppet. _Duplicates_ are deliveries of an event that its ' +
      'puppet had taken before. _Recovery_ runs from when the cause was gone (after a kill: the manager ready again) ' +
      'to the start of the first delivery, for hints that were due or under way at the fault. _Others’ p99_ is that ' +
      'of callbacks of healthy accounts.',
  ];
  writeFileSync(join(ROOT, 'lab/faults/results/newest.md'), `${text.join('\n\n')}\n`);
}

/** What did not hold, by its first column. A database that is missing may not make CI green. */
function failures(rows: readonly (Row | NotRun)[]): string[] {
  return rows.flatMap((row) => {
    if (!isNotRun(row)) return row.broken.map((what) => `${row.injection}, ${row.length}: ${what}`);
    return row.isExcused || !process.env.CI ? [] : [`${row.injection}: not run: ${row.notRun}`];
  });
}

async function main(run: Run, scenarios: readonly Scenario[]): Promise<number> {
  run.guard(options.short ? LIMIT_SHORT_MS : LIMIT_LONG_MS);
  const results = await runAll(run, scenarios);
  const rows = scenarios.flatMap((scenario) => results.get(scenario) ?? []);
  const report = [machine(ROOT, run.form), table(rows), remarks(rows)].join('\n\n');
  say(`\n${report}\n`);
  if (options.write) write(report);
  const failed = failures(rows);
  // Last, since that is what is left where a long output is cut.
  for (const failure of failed) say(`DID NOT HOLD: ${failure}`);
  return failed.length === 0 ? 0 : 1;
}

if (options.help) {
  say(HELP);
} else {
  const { run, scenarios } = await fromOptions();
  const code = await main(run, scenarios).catch((error: unknown) => {
    if (!run.isEnding) say(`FAILED: ${error instanceof Error ? error.stack : error}`);
    return 1;
  });
  // Whoever interrupted it ends it.
  if (run.isEnding) await new Promise(() => undefined);
  await run.end();
  process.exit(code);
}
