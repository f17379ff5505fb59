import { CommanderError } from 'commander';
import { AppError } from '../kernel/app-error.js';
import { StorageStartError } from '../kernel/storage-start-error.js';
import { CommandError, UsageError } from './terminal/command-error.js';
import { createProgram, HINT } from './commands.js';
import { EXIT_CODE } from './terminal/exit-code.js';
import { InterruptedError } from './terminal/interruption.js';

/** Ends the process with the command's exit code, unless it is a program that runs on. */
export async function runCommand(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exit(explain(error));
  }
}

/** Turns the foreseen errors of a command into one line. @returns the exit code. */
function explain(error: unknown): number {
  // Commander has printed the help, or the mistake in the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
  if (error instanceof InterruptedError) return error.exitCode;
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n${HINT}\n`);
    return EXIT_CODE.usage;
  }
  process.stderr.write(`${toText(error)}\n`);
  return EXIT_CODE.failed;
}

function toText(error: unknown): string {
  if (error instanceof AppError && error.cause instanceof StorageStartError) return error.cause.message;
  const isForeseen =
    error instanceof StorageStartError || error instanceof AppError || error instanceof CommandError;
  return isForeseen ? error.message : ((error as Error).stack ?? String(error));
}
