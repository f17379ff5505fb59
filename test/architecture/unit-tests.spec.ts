/** `npm run test:unit` is quick because of what its files do not use, nor any file that they use. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';

/** A process, a database, a browser; and what is built. */
const HEAVY = /^(node:child_process|mongoose|mongodb|playwright-core)$|\/(build|dist)\//;

const { default: config } = (await import(new URL('../../jest.config.js', import.meta.url).href)) as {
  readonly default: {
    readonly projects: readonly { readonly displayName: string; readonly testMatch: readonly string[] }[];
  };
};
const patterns = config.projects.find(({ displayName }) => displayName === 'unit')?.testMatch ?? [];
const specs = globSync(
  patterns.map((pattern) => pattern.replace('<rootDir>/', '')),
  { exclude: (name) => name === 'node_modules' },
);

/** What a file imports as a value: types are gone when it runs. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)';$/gms)].map(
    ([, specifier = '']) =>
      specifier.startsWith('.') ? join(dirname(file), specifier).replace(/\.js$/, '.ts') : specifier,
  );

/** The way from `file` to something heavy; `null` where there is none. */
function wayToHeavy(file: string, seen: Set<string>): string[] | null {
  if (HEAVY.test(file)) return [file];
  if (seen.has(file) || !existsSync(file)) return null;
  seen.add(file);
  for (const imported of importsOf(file)) {
    const way = wayToHeavy(imported, seen);
    if (way !== null) return [file, ...way];
  }
  return null;
}

it('finds the unit tests, and what is heavy', () => {
  expect(specs.length).toBeGreaterThan(100);
  expect(wayToHeavy('test/e2e/demo.spec.ts', new Set())?.at(-1)).toBe('node:child_process');
});

it('starts no process, opens no database and needs no build', () => {
  const seen = new Set<string>();
  expect(specs.map((file) => wayToHeavy(file, seen)).filter((way) => way !== null)).toEqual([]);
});
