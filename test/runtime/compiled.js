import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { version } = require('@swc/core/package.json');
const folder = join(import.meta.dirname, '../../.cache/tests');

/** As tsconfig.json has it; swc only strips the types. */
const OPTIONS = {
  swcrc: false,
  sourceMaps: true,
  module: { type: 'es6' },
  jsc: {
    target: 'es2024',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};

/** For jest, which puts lines of the source into stack traces: files by the URL that was loaded. */
export const sourceMaps = new Map();

/** @returns JavaScript, from the cache where the same text was compiled before. */
export function compiled(url) {
  const path = fileURLToPath(url);
  const source = readFileSync(path);
  const hash = createHash('sha256')
    .update(version)
    .update(JSON.stringify(OPTIONS))
    .update(path)
    .update(source);
  const cached = join(folder, hash.digest('hex'));
  sourceMaps.set(url, `${cached}.map`);
  try {
    return readFileSync(`${cached}.js`, 'utf8');
  } catch {
    // Loaded only where it is needed: it takes 25 MB.
    const { transformSync } = require('@swc/core');
    const { code, map } = transformSync(source.toString(), { ...OPTIONS, filename: path });
    mkdirSync(folder, { recursive: true });
    write(`${cached}.map`, map);
    write(`${cached}.js`, code);
    return code;
  }
}

/** Other workers see all of a file or none. */
function write(path, text) {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, text);
  renameSync(beside, path);
}
