/** What `--help` says. */
import type { Command, Option, Program } from './command.js';

const PROGRAM = 'wxkf-manager';
const NAME_COLUMNS = 22;

const FOOT = `--help after a command tells more of it; --version tells the version.
Exit codes: 0 all went well, 1 something failed, 2 a mistake in the command line, 130 broken off by Ctrl-C.
`;

export function helpOfAll(commands: Readonly<Record<string, Command | Program>>): string {
  const rows = Object.values(commands).map(({ usage, summary }) => row(usage, summary));
  return `${usage('<command> [options]')}\n${rows.join('')}\n${FOOT}`;
}

export function helpOf(command: Command | Program): string {
  const { details, examples, options } = command;
  const rows = Object.entries(options).map(([name, option]) => row(flagOf(name, option), option.meaning));
  const shown = examples.map((example) => `  ${PROGRAM} ${example}\n`);
  return `${usageOf(command)}\n${details}\n\n${rows.join('')}\nFor example:\n${shown.join('')}`;
}

export function usageOf(command: Command | Program): string {
  const flags = Object.entries(command.options).map(([name, option]) => `[${flagOf(name, option)}]`);
  return usage([command.usage, ...flags].join(' '));
}

function usage(text: string): string {
  return `usage: ${PROGRAM} ${text}\n`;
}

function flagOf(name: string, { value }: Option): string {
  return `--${name}${value === null ? '' : ` ${value}`}`;
}

function row(name: string, meaning: string): string {
  return `  ${name.padEnd(NAME_COLUMNS)} ${meaning}\n`;
}
