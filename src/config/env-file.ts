import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * Reads the settings of a `.env` file. A byte order mark, which some editors put at the beginning, is skipped.
 * @returns `null` for a file that is not UTF-8, such as UTF-16: no setting would be found in it.
 * @throws Error when it cannot be read
 */
export function readEnvFile(path: string): Readonly<Record<string, string | undefined>> | null {
  return parseEnvText(readFileSync(path, 'utf8'));
}

/** Reads the same from the file's text. */
export function parseEnvText(text: string): Readonly<Record<string, string | undefined>> | null {
  if (text.includes('\0')) return null;
  return parseEnv(text.replace(/^\uFEFF/, ''));
}
