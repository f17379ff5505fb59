/** Finds the command, reads its options, and turns what it throws into one line. The result is an exit code. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { AppError } from '../kernel/app-error.js';
import { StorageStartError } from '../kernel/storage-start-error.js';
import { VERSION } from '../kernel/version.js';
import {
  type Command,
  CommandError,
  type Invocation,
  type Program,
  UsageError,
  type Values,
} from './command.js';
import { COMMANDS } from './commands.js';
import { EXIT_CODE } from './exit-code.js';
import { helpOf, helpOfAll, usageOf } from './help.js';
import { endOnSignals, Interrupted } from './interruption.js';
import { PROGRAMS } from './programs.js';
import { nearestTo } from './suggestion.js';

const HELP = { help: { type: 'boolean', short: 'h' } } as const;
const HELP_FLAGS = new Set(['--help', '-h']);
const ALL = { ...PROGRAMS, ...COMMANDS };
const NOT_HERE =
  'this program is not there: the container image comes without it, and in a checkout npm run build:simulator makes it';

/** @returns the exit code; `null` where a program has taken over, which gives its own. */
export async function runCommand(args: readonly string[]): Promise<number | null> {
  const [first = '', second = ''] = args;
  if (Object.hasOwn(PROGRAMS, first)) return runProgram(PROGRAMS[first] as Program, args.slice(1));
  endOnSignals();
  if (HELP_FLAGS.has(first)) return print(helpOfAll(ALL));
  if (first === '--version') return print(`${VERSION}\n`);
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(COMMANDS, one));
  const command = name === undefined ? undefined : COMMANDS[name];
  if (name === undefined || command === undefined) {
    const group = commandsUnder(first);
    if (group !== null && HELP_FLAGS.has(second)) return print(helpOfAll(group));
    return refuse(mistakeIn(first), helpOfAll(group ?? ALL));
  }
  const invocation = readArguments(command, args.slice(name.split(' ').length));
  if (invocation instanceof Error) return refuse(invocation.message, usageOf(command));
  return invocation.values.help === true ? print(helpOf(command)) : run(command, invocation);
}

async function runProgram(program: Program, args: string[]): Promise<number | null> {
  const { file, ownOptions } = program;
  const invocation = ownOptions ? null : readArguments(program, args);
  if (invocation instanceof Error) return refuse(invocation.message, usageOf(program));
  if (invocation?.values.help === true) return print(helpOf(program));
  if (!existsSync(file)) return refuse(NOT_HERE, '');
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
  return null;
}

/** @returns `null` where `word` is not the first of any command's name. */
function commandsUnder(word: string): Readonly<Record<string, Command>> | null {
  const under = Object.entries(COMMANDS).filter(([name]) => name.startsWith(`${word} `));
  return under.length === 0 ? null : Object.fromEntries(under);
}

function mistakeIn(name: string): string {
  if (name === '') return 'no command was given';
  const nearest = nearestTo(name, Object.keys(ALL));
  return `there is no command ${name}${nearest === null ? '' : `; did you mean ${nearest}?`}`;
}

function readArguments(
  { options, wordsMax = 0 }: Pick<Command, 'options' | 'wordsMax'>,
  args: string[],
): Invocation | Error {
  const known = Object.entries(options).map(
    ([name, { value }]) => [name, { type: value === null ? 'boolean' : 'string' }] as const,
  );
  try {
    const { values, positionals: words } = parseArgs({
      args,
      options: { ...Object.fromEntries(known), ...HELP },
      allowPositionals: wordsMax > 0,
    });
    if (words.length > wordsMax) return new UsageError(`Unexpected argument '${words[wordsMax]}'`);
    return { values: values as Values, words };
  } catch (error) {
    if (error instanceof TypeError) return error;
    throw error;
  }
}

async function run(command: Command, invocation: Invocation): Promise<number> {
  try {
    return await command.run(invocation);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    if (error instanceof UsageError) return refuse(error.message, usageOf(command));
    const isForeseen =
      error instanceof StorageStartError || error instanceof AppError || error instanceof CommandError;
    process.stderr.write(`${isForeseen ? error.message : ((error as Error).stack ?? String(error))}\n`);
    return EXIT_CODE.failed;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT_CODE.ok;
}

function refuse(mistake: string, usage: string): number {
  process.stderr.write(`${mistake}\n${usage}`);
  return EXIT_CODE.usage;
}
