/**
 * `npm run compat -w lab`: installs programs as their users do, and has the local WeCom talk to their own adapters, directly and
 * through the built manager. It talks to 127.0.0.1 only, but for pip; it ends within a fixed time, and ends only the
 * processes that it started.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Run } from '../faults/run.js';
import { ACCESS_KINDS } from '../../packages/simulator/corp/app.js';
import { tryBehind } from './behind.js';
import type { Load } from './conversation.js';
import { tryDirect } from './direct.js';
import { install, type Installed } from './install.js';
import { type Program, PROGRAMS, type Reach, type Seat, SEATS } from './program.js';
import { ACCOUNTS } from './seats.js';
import { PEOPLE_SEATS, tryWithPeople } from './with-people.js';
import { isNotRun, lineOf, remarks, type Row, surprises, table, writeBlock } from './report.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = 'lab/compat/results.md';
const LONG: Load = { messages: 120, withinMs: 24_000 };
const SHORT: Load = { messages: 60, withinMs: 15_000 };
const LIMIT_MS = 40 * 60_000;

const NAMES = PROGRAMS.map(({ package: name }) => name);
const HELP = `npm run compat -w lab -- [options]

  --short         fewer messages, and with restarts alone
  --only <name>   some programs, comma-separated: ${NAMES.join(', ')}
  --taking <what> of the trials behind the manager those of bots that take event, or message
  --people        the trial with people alone: a customer goes to them and comes back to the bot
  --restarted     with restarts alone
  --kind <kind>   how WeCom gives access: self-built, an app for each bot; built-in or stand-alone, one for all.
                  Without it one self-built app has the accounts of all
  --clones <dir>  where clones are of the programs that GitHub has, as <owner>/<name> or <owner>+<name>/repo
  --messages <n>  to each bot, 5 a second, in place of ${LONG.messages}
  --write         also writes ${PAGE}, and leaves its rows of other programs
  --keep          leaves the logs of bots and manager, and says where

The programs are installed into .cache/compat, once: by pip, and git where they are no packages. Exit code 1 when something was not as expected.`;

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', default: NAMES.join(',') },
    taking: { type: 'string' },
    people: { type: 'boolean', default: false },
    restarted: { type: 'boolean', default: false },
    kind: { type: 'string' },
    clones: { type: 'string' },
    messages: { type: 'string', default: String(LONG.messages) },
    write: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function makeRun(): Run {
  const temp = mkdtempSync(join(tmpdir(), 'wxkf-compat-'));
  const run = new Run(ROOT, temp, options.short, 1, 'embedded', '');
  if (options.keep) say(`logs are in ${temp}`);
  else run.onEnd(() => rmSync(temp, { recursive: true, force: true }));
  return run;
}

async function installAll(programs: readonly Program[]): Promise<(program: Program) => Installed> {
  const all = new Map<Program, Installed>();
  const clones = options.clones === undefined ? null : resolve(options.clones);
  for (const program of programs) {
    say(`${program.name} ${program.version}: installing, where it is not yet`);
    all.set(program, await install(ROOT, program, clones));
  }
  return (program) => {
    const installed = all.get(program);
    if (installed === undefined) throw new Error(`${program.name} is not installed`);
    return installed;
  };
}

async function tryAll(run: Run, programs: readonly Program[]): Promise<readonly Row[]> {
  const installedOf = await installAll(programs);
  const seats = SEATS.filter(
    ({ program, reach }) =>
      programs.includes(program) && (options.taking === undefined || isWanted(reach, options.taking)),
  );
  const load = loadOf(run);
  const rows: Row[] = [];
  const add = async (what: string, trial: Promise<readonly Row[]>) => {
    say(what);
    const found = await trial;
    for (const row of found) say(`  ${lineOf(row)}`);
    rows.push(...found);
  };
  for (const isRestarted of run.isShort || options.restarted ? [true] : [false, true]) {
    const how = isRestarted ? 'with restarts' : 'without restarts';
    for (const seat of seats.filter(({ reach }) => reach.by === 'direct'))
      await add(
        `${seat.program.name}, called directly, ${how}`,
        tryDirect(run, seat, installedOf(seat.program), load, isRestarted, kind),
      );
    for (const together of roundsOf(seats.filter(({ reach }) => reach.by === 'manager')))
      await add(
        `${together.map(({ program }) => program.name).join(' and ')} behind the manager, ${how}`,
        tryBehind(run, together, installedOf, load, isRestarted, kind),
      );
  }
  return inOrder(rows, seats);
}

/** @returns what was not as expected. */
async function tryAllWithPeople(run: Run, programs: readonly Program[]): Promise<readonly string[]> {
  const seats = PEOPLE_SEATS.filter(({ program }) => programs.includes(program));
  if (seats.length === 0) return [];
  const installedOf = await installAll(seats.map(({ program }) => program));
  say('with people');
  return tryWithPeople(run, seats, installedOf);
}

function isWanted({ by, takes }: Reach, taking: string): boolean {
  return by === 'direct' || takes === taking;
}

function loadOf({ isShort }: Pick<Run, 'isShort'>): Load {
  const messages = Number(options.messages);
  return isShort ? SHORT : { messages, withinMs: messages * 200 };
}

/** Each program once in a round: several that start at once take longer than the one that is called directly. */
function roundsOf(seats: readonly Seat[]): readonly (readonly Seat[])[] {
  const rounds: Seat[][] = [];
  for (const seat of seats) {
    const round = rounds.find((one) => one.every(({ program }) => program !== seat.program));
    if (round === undefined) rounds.push([seat]);
    else round.push(seat);
  }
  return rounds;
}

/** By program and reach, and one line for what could not be run. */
function inOrder(rows: readonly Row[], seats: readonly Seat[]): readonly Row[] {
  return seats.flatMap((seat) => {
    const own = rows.filter((row) => row.seat === seat);
    return own.every(isNotRun) ? own.slice(0, 1) : own;
  });
}

function summary(rows: readonly Row[], text: string): string {
  const { messages, withinMs } = loadOf({ isShort: options.short });
  return [
    `${messages} messages to ${ACCOUNTS.length} accounts of each bot within ${withinMs / 1_000} s.`,
    text,
    remarks(rows),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

if (options.help) {
  say(HELP);
  process.exit(0);
}
const names = options.only.split(',');
const programs = PROGRAMS.filter(({ package: name }) => names.includes(name));
if (names.some((name) => !NAMES.includes(name))) {
  say(`--only takes ${NAMES.join(', ')}; not ${options.only}`);
  process.exit(2);
}
const kind = ACCESS_KINDS.find((one) => one === options.kind) ?? null;
if (options.kind !== undefined && kind === null) {
  say(`--kind takes ${ACCESS_KINDS.join(', ')}; not ${options.kind}`);
  process.exit(2);
}
const run = makeRun();
run.guard(LIMIT_MS);
const rows = options.people ? [] : await tryAll(run, programs);
const withPeople = await tryAllWithPeople(run, programs);
await run.end();
if (rows.length > 0) say(`\n${summary(rows, table(rows))}\n`);
const found = rows.flatMap((row) => {
  const { program, reach } = row.seat;
  return isNotRun(row) ? [] : surprises(row).map((what) => `${program.name}, ${reach.name}: ${what}`);
});
found.push(...withPeople);
for (const what of found) say(`SURPRISE: ${what}`);
if (options.write && !options.people)
  writeBlock(join(ROOT, PAGE), programs, (kept) => summary(rows, table(rows, kept)));
process.exit(found.length === 0 ? 0 : 1);
