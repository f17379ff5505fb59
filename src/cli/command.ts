import type { ParseArgsOptionsConfig } from 'node:util';

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** One command of the shell. */
export interface Command {
  /** What follows the name of the program. */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** For `--help`: what it does, and what each option does. */
  readonly details: string;
  readonly options: ParseArgsOptionsConfig;
  /** @returns the exit code. A StorageStartError or AppError that it throws becomes a line, and 1. */
  run(values: Values): Promise<number>;
}
