import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * The settings of a `.env` file. Editors may begin it with a byte order mark, which is no part of the first name.
 * @returns `null` for what is no UTF-8, such as UTF-16, in which no setting would be found.
 * @throws Error when it cannot be read
 */
export function readEnvFile(path: string): Readonly<Record<string, string | undefined>> | null {
  return parseEnvText(readFileSync(path, 'utf8'));
}

/** The same, of the file's text. */
export function parseEnvText(text: string): Readonly<Record<string, string | undefined>> | null {
  if (text.includes('\0')) return null;
  return parseEnv(text.replace(/^\uFEFF/, ''));
}
