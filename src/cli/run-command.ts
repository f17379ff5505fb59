/** Finds the command, reads its options, and turns what it throws into one line. The result is an exit code. */
import { parseArgs } from 'node:util';
import { AppError } from '../kernel/app-error.js';
import { StorageStartError } from '../kernel/storage-start-error.js';
import type { Command, Values } from './command.js';
import { RESEAL } from './reseal.js';

const COMMANDS: Readonly<Record<string, Command>> = { reseal: RESEAL };

const PROGRAM = 'node dist/cli.js';
const USAGE_MISTAKE = 2;
const HELP = { help: { type: 'boolean', short: 'h' } } as const;

export async function runCommand(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '--help' || name === '-h') return print(allCommands());
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    return refuse(name === '' ? 'no command was given' : `there is no command ${name}`, allCommands());
  }
  const values = valuesOf(command, rest);
  if (values instanceof Error) return refuse(values.message, usageOf(command));
  if (values.help) return print(`${usageOf(command)}\n${command.details}\n`);
  return run(command, values);
}

function valuesOf({ options }: Command, args: string[]): Values | Error {
  try {
    return parseArgs({ args, options: { ...options, ...HELP } }).values as Values;
  } catch (error) {
    if (error instanceof TypeError) return error;
    throw error;
  }
}

async function run(command: Command, values: Values): Promise<number> {
  try {
    return await command.run(values);
  } catch (error) {
    const isForeseen = error instanceof StorageStartError || error instanceof AppError;
    process.stderr.write(`${isForeseen ? error.message : ((error as Error).stack ?? String(error))}\n`);
    return 1;
  }
}

function usageOf({ usage }: Command): string {
  return `usage: ${PROGRAM} ${usage}\n`;
}

function allCommands(): string {
  const rows = Object.values(COMMANDS).map(({ usage, summary }) => `  ${usage.padEnd(20)} ${summary}\n`);
  return `usage: ${PROGRAM} <command> [options]\n\n${rows.join('')}\n--help after a command tells more of it.\n`;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function refuse(mistake: string, usage: string): number {
  process.stderr.write(`${mistake}\n${usage}`);
  return USAGE_MISTAKE;
}
