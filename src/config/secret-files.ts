import { readFileSync } from 'node:fs';
import { errorCodeOf } from '../kernel/error-code.js';

/** The content of the file that `<NAME>_FILE` names, or what is wrong with it. Containers mount secrets as such files. */
type SecretFile = { readonly variable: string } & ({ readonly text: string } | { readonly mistake: string });

export function secretFileOf(name: string): string {
  return `${name}_FILE`;
}

/** Reads the files of the settings whose `_FILE` is set. @returns them by the setting's name; no mistake quotes a file. */
export function readSecretFiles(
  settings: readonly { readonly name: string }[],
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, SecretFile> {
  const files = new Map<string, SecretFile>();
  for (const { name } of settings) {
    const variable = secretFileOf(name);
    const path = environment[variable];
    if (!path) continue;
    const isDoubled = Boolean(environment[name]);
    files.set(name, {
      variable,
      ...(isDoubled ? { mistake: `${name} is set too; set one of the two` } : read(path)),
    });
  }
  return files;
}

function read(path: string): { readonly text: string } | { readonly mistake: string } {
  try {
    const text = readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .trim();
    return text === '' ? { mistake: 'the file is empty' } : { text };
  } catch (error) {
    return { mistake: `cannot be read (${errorCodeOf(error)})` };
  }
}
