/** The table, on a terminal and in lab/compat/results.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Expected, Program, Share } from './program.js';
import { ACCOUNTS } from './seats.js';
import type { NotRun, Outcome } from './trial.js';

export type Row = Outcome | NotRun;

const HEAD = [
  'program',
  'reaches WeCom',
  'restarts',
  'verified',
  'messages',
  'never answered (WeCom refused)',
  'answered twice or more',
  'most often',
  'wrong account',
  'as expected',
  'tried',
];
const BEGIN = '<!-- written by npm run compat: begin -->';
const END = '<!-- written by npm run compat: end -->';

type Cells = readonly string[];

export function isNotRun(row: Row): row is NotRun {
  return 'notRun' in row;
}

/** @returns what was not as expected. */
export function surprises({
  seat,
  isRestarted,
  rounds,
  fault,
  counts,
  undelivered,
}: Outcome): readonly string[] {
  const expected: Expected = isRestarted ? seat.restarted : seat.calm;
  // In each round two kills, of bot and manager, and a message under way to each account.
  const underWayMax = 2 * ACCOUNTS.length * rounds;
  const unlike = (what: string, count: number, share: Share) => unlikeShare(what, count, share, underWayMax);
  return [
    ...(fault === null ? [] : [`not verified: ${fault}`]),
    ...unlike('never answered', counts.lost, expected.lost),
    ...unlike('answered twice or more', counts.twice, expected.twice),
    ...unlike('from a wrong account', counts.wrong, 'none'),
    ...(undelivered === null ? ['the manager did not answer at the end'] : []),
    ...unlike('hints that the manager kept', undelivered ?? 0, 'none'),
  ];
}

/** @param kept rows of programs that were not tried now, in front of those that were. */
export function table(rows: readonly Row[], kept: readonly Cells[] = []): string {
  const cells = [HEAD, ...kept, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: Cells) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = '', ...body] = cells.map(line);
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n');
}

/** Why lines of the table were not run. */
export function remarks(rows: readonly Row[]): string {
  return rows
    .filter((row) => isNotRun(row))
    .map(({ seat, notRun }) => `- Not run: ${seat.program.name}, ${seat.reach.name}: ${notRun}.`)
    .join('\n');
}

/** While it runs. */
export function lineOf(row: Row): string {
  if (isNotRun(row)) return remarks([row]);
  return cellsOf(row)
    .map((cell, at) => `${HEAD[at]}: ${cell}`)
    .filter((_, at) => at !== 2)
    .join(', ');
}

/**
 * Replaces what this command wrote to the page, but for the rows of programs that are not among these.
 * @param textOf has the rows to keep, and returns the new text.
 */
export function writeBlock(
  path: string,
  programs: readonly Program[],
  textOf: (kept: readonly Cells[]) => string,
): void {
  const page = readFileSync(path, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for the result`);
  const [, , ...written] = page.slice(begin, end).match(/^\|.*\|$/gm) ?? [];
  const kept = written
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([named = '']) => programs.every(({ name }) => !named.startsWith(`${name} `)));
  writeFileSync(path, `${page.slice(0, begin + BEGIN.length)}\n\n${textOf(kept)}\n\n${page.slice(end)}`);
}

function unlikeShare(what: string, count: number, expected: Share, underWayMax: number): readonly string[] {
  if (expected === 'under way')
    return count <= underWayMax ? [] : [`${what}: ${count}, expected at most ${underWayMax}`];
  if (expected === 'any' || (expected === 'none') === (count === 0)) return [];
  return [`${what}: ${count}, expected ${expected}`];
}

function cellsOf(row: Row): Cells {
  const { program, reach } = row.seat;
  const named = [`${program.name} ${program.version}`, reach.name];
  const today = new Date().toISOString().slice(0, 10);
  if (isNotRun(row)) return [...named, ...HEAD.slice(4).map(() => '–'), 'not run', today];
  const { isRestarted, rounds, fault, counts } = row;
  const { said, lost, refused, twice, most, wrong } = counts;
  const times = rounds > 1 ? ` ${rounds} times` : '';
  const restarts = (reach.by === 'manager' ? 'bot, manager' : 'bot') + times;
  return [
    ...named,
    isRestarted ? restarts : 'none',
    fault === null ? 'yes' : 'NO',
    String(said),
    refused === 0 ? String(lost) : `${lost} (${refused})`,
    ...[twice, most, wrong].map(String),
    surprises(row).length === 0 ? 'yes' : 'NO',
    today,
  ];
}
