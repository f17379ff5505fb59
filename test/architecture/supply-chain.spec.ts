/** What may be installed: exact versions of known bytes under permissive licences, and scripts by name alone. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}

interface Manifest {
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const manifest = readJson<{
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
}>('package.json');
const lock = readJson<{ readonly lockfileVersion: number; readonly packages: Record<string, Locked> }>(
  'package-lock.json',
);
/** By their place under node_modules. */
const packages = Object.entries(lock.packages).filter(([place]) => place !== '');

/** SPDX ids that ask for no more than to be named. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];
/** Also of a package that package.json gives another name. */
const EXACT = /^(npm:@?[^@]+@)?\d+\.\d+\.\d+$/;

const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 13);
const placesWhere = (is: (locked: Locked) => boolean): string[] =>
  packages.filter(([, locked]) => is(locked)).map(([place]) => place);

it('states every dependency in one exact version', () => {
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, version]) => !EXACT.test(version),
  );
  expect(ranges).toEqual([]);
});

it('locks every package to its bytes', () => {
  expect(lock.lockfileVersion).toBe(3);
  expect(packages.length).toBeGreaterThan(500);
  expect(placesWhere(({ integrity }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
});

it('takes every package from the registry, and names none', () => {
  // What comes from elsewhere (git, a URL, a folder) has its place in `resolved`, or is a link.
  expect(placesWhere(({ resolved, link }) => resolved !== undefined || link === true)).toEqual([]);
});

it('judges every install script by name', () => {
  const judged = Object.keys(manifest.allowScripts);
  const scripted = placesWhere(({ hasInstallScript }) => hasInstallScript === true).map(nameOf);
  expect(scripted.filter((name) => !judged.includes(name))).toEqual([]);
  const allowed = Object.entries(manifest.allowScripts).filter(([, isAllowed]) => isAllowed);
  expect(allowed.map(([name]) => name)).toEqual(['node']);
});

it('has npm refuse an install script that was not judged', () => {
  expect(readFileSync('.npmrc', 'utf8')).toMatch(/^strict-allow-scripts=true$/m);
});

it('ships nothing whose licence is not permissive', () => {
  const shipped = packages.filter(([, { dev }]) => !dev);
  expect(shipped.length).toBeGreaterThan(100);
  const others = shipped
    .map(([place, locked]) => ({ place, licence: licenceOf(place, locked) }))
    .filter(({ licence }) => !LICENCES.includes(licence));
  expect(others).toEqual([]);
});

/** Of what is installed; of a package for another platform, which is not, as the lockfile has it. */
function licenceOf(place: string, { license: locked = 'none' }: Locked): string {
  if (!existsSync(`${place}/package.json`)) return locked;
  const { license, licenses = [] } = readJson<Manifest>(`${place}/package.json`);
  if (typeof license === 'string') return license;
  return license?.type ?? licenses.map(({ type }) => type).join(' AND ');
}
