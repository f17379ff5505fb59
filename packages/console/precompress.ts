import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** The others are compressed as they are. */
const TEXT = /\.(html|js|css|svg|json|md)$/;

/** Puts a .br and a .gz beside each file, so that the manager compresses nothing while it runs. */
export function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir = '' }) {
      for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (TEXT.test(file)) compress(join(dir, file));
      }
    },
  };
}

/** At the highest level of each, which is the default of brotli alone. */
function compress(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(`${file}.br`, brotliCompressSync(bytes));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}
