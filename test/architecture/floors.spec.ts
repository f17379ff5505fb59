/** Within a feature a folder imports only folders below it; the feature's own files are on top. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from '@jest/globals';

const FLOORS: Readonly<Record<string, readonly string[]>> = {
  registry: ['endpoint', 'keys', 'puppets', 'apps', 'bots', 'sync', 'accounts', 'registration'],
};
/** Types of the store, which belong below all of them. */
const BELOW = ['puppet.ts', 'puppet.repository.ts'];

it.each(Object.entries(FLOORS))('the folders of %s import downwards only', (feature, folders) => {
  const root = resolve('src', feature);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  const floors = ['', ...folders, '.'];
  const floorOf = (file: string): number => (BELOW.includes(file) ? 0 : floors.indexOf(dirname(file)));
  const upwards = files.flatMap((from) =>
    [...readFileSync(join(root, from), 'utf8').matchAll(/from '(\.[^']+)\.js'/g)]
      .map(([, to = '']) => relative(root, resolve(root, dirname(from), `${to}.ts`)).replaceAll('\\', '/'))
      .filter((to) => files.includes(to) && floorOf(to) > floorOf(from))
      .map((to) => `${from} imports ${to}`),
  );
  expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
  expect(upwards).toEqual([]);
});
