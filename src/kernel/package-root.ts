import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest folder above with a package.json: it is the same for `src` and for `dist`. */
function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error(`no folder above ${import.meta.dirname} has a package.json`);
  return findRoot(above);
}

const ROOT = findRoot(import.meta.dirname);

/** @returns the absolute path of a file or folder of this package. */
export function inPackage(...path: string[]): string {
  return join(ROOT, ...path);
}
