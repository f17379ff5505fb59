/** Adds settings to a `.env` file that only its owner can read, each setting once. */
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { parseEnvText } from '../../config/env-file.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import { CommandError } from '../terminal/command-error.js';
import type { GeneratedSecret } from './generated.js';

/** Secrets are in it. */
const FILE_MODE = 0o600;

export interface NewLine {
  readonly of: GeneratedSecret;
  readonly text: string;
}

/** What was done with the values, by their labels. */
export interface EnvFileChange {
  readonly added: readonly string[];
  /** Settings that the file has already; they stay as they are. */
  readonly kept: readonly string[];
}

/**
 * Creates the file if there is none. Writes all or nothing; safe to repeat.
 * @throws CommandError when it cannot be read or written
 */
export function addToEnvFile(path: string, lines: readonly NewLine[]): EnvFileChange {
  try {
    const file = existsSync(path) ? realpathSync(path) : path;
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const settings = parseEnvText(before);
    if (settings === null)
      throw new CommandError(`${path} is no text in UTF-8; save it as UTF-8. Nothing was changed`);
    const missing = lines.filter(({ of }) => !isIn(settings, of));
    replace(file, [withEnd(before), ...missing.map(({ text }) => `${text}\n`)].join(''));
    const labelsOf = (some: readonly NewLine[]): string[] => some.map(({ of }) => of.label);
    return { added: labelsOf(missing), kept: labelsOf(lines.filter((line) => !missing.includes(line))) };
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new CommandError(`${path} cannot be used (${errorCodeOf(error)}); nothing was changed`);
  }
}

/** Whether it is set. It may also be there with `_FILE` at the end of its name. */
function isIn(settings: Readonly<Record<string, string | undefined>>, { label }: GeneratedSecret): boolean {
  return [label, `${label}_FILE`].some((name) => (settings[name] ?? '').trim() !== '');
}

function withEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function replace(file: string, text: string): void {
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  try {
    // Does not follow a link that somebody else may have put there.
    writeFileSync(partial, text, { flag: 'wx', mode: FILE_MODE, flush: true });
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
