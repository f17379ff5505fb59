/**
 * Packages of many files, in one file each. Node's VM modules, on which jest runs ES modules, compile every file anew for
 * each spec: rxjs alone is 116. Plain JavaScript, because the configuration of jest loads it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** Those that most specs load. One graph, so that each class is one class. */
const NAMES = ['@nestjs/common', '@nestjs/common/internal', 'rxjs', 'rxjs/operators', 'undici', 'zod'];

/** @returns for jest's `moduleNameMapper`. @param {string} root the folder of package-lock.json. */
export async function mapDependencies(root) {
  const state = readFileSync(join(root, 'package-lock.json')).toString() + readFileSync(import.meta.filename);
  const folder = join(
    root,
    '.cache',
    `dependencies-${createHash('sha256').update(state).digest('hex').slice(0, 16)}`,
  );
  if (!existsSync(folder)) await write(folder);
  return { [`^(${NAMES.join('|')})$`]: `${folder}/$1.js` };
}

/** Beside, and then put in place: several may do it at a time. */
async function write(folder) {
  const beside = `${folder}.${process.pid}`;
  mkdirSync(beside, { recursive: true });
  const build = await rolldown({
    input: Object.fromEntries(NAMES.map((name) => [name, `\0${name}`])),
    platform: 'node',
    // Of what Nest loads only on request, and is not installed.
    logLevel: 'silent',
    plugins: [await named()],
  });
  await build.write({
    dir: beside,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared-[hash].js',
  });
  await build.close();
  try {
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

/** Entries with every name that a package exports, which nobody finds in CommonJS by reading it. */
async function named() {
  const sources = new Map();
  for (const name of NAMES) {
    const names = Object.keys(await import(name)).filter(
      (one) => one !== 'default' && one !== 'module.exports',
    );
    sources.set(
      `\0${name}`,
      `export { ${names.join(', ')} } from '${name}'; export * as default from '${name}';`,
    );
  }
  return {
    name: 'named',
    resolveId: (id) => (sources.has(id) ? id : null),
    load: (id) => sources.get(id) ?? null,
  };
}
