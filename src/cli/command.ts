export interface Option {
  /** What stands for its value in the help; `null` for one that has none. */
  readonly value: string | null;
  readonly meaning: string;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** What follows the command's name on the command line. */
export interface Invocation {
  readonly values: Values;
  readonly words: readonly string[];
}

/** One command of the shell. What it needs is loaded when it runs. */
export interface Command {
  /** What follows the name of the program, without its options. */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** For `--help`. */
  readonly details: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
  /** How many words may follow its name. */
  readonly wordsMax?: number;
  /** @returns the exit code. A StorageStartError, AppError or CommandError that it throws becomes a line, and 1. */
  run(invocation: Invocation): Promise<number>;
}

/** A program that goes on until it is ended. It heeds signals and ends the process itself. */
export interface Program extends Omit<Command, 'run' | 'wordsMax'> {
  readonly file: string;
  /** It reads its options itself, `--help` among them. */
  readonly ownOptions?: true;
}

/** Ends a command with a line for a person. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
}

/** The same for a mistake in the command line itself: exit code 2. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}
