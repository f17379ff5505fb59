/** What may be installed: exact versions of known bytes under permissive licences, and scripts by name alone. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

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
/** What `npm ci` installs, and what only some tests and benchmarks need. */
const FOLDERS = ['.', 'bench/naive', 'scripts/kubernetes'];
const MANIFESTS = [...FOLDERS, 'console', 'simulator'];
const manifestOf = (folder: string) =>
  readJson<{
    readonly dependencies: Record<string, string>;
    readonly devDependencies?: Record<string, string>;
    readonly allowScripts: Record<string, boolean>;
  }>(`${folder}/package.json`);
const lockOf = (folder: string) =>
  readJson<{ readonly lockfileVersion: number; readonly packages: Record<string, Locked> }>(
    `${folder}/package-lock.json`,
  );
/** Our own, each of which npm links into node_modules. */
const { workspaces } = readJson<{ readonly workspaces: readonly string[] }>('package.json');
const isOwn = (place: string, { link, resolved = '' }: Locked): boolean =>
  workspaces.includes(link === true ? resolved : place);
/** By their place under node_modules. */
const packagesOf = (folder: string) =>
  Object.entries(lockOf(folder).packages).filter(([place, locked]) => place !== '' && !isOwn(place, locked));
const [manifest, packages] = [manifestOf('.'), packagesOf('.')];

/** SPDX ids that ask for no more than to be named. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];
/** Also of a package that package.json gives another name. */
const EXACT = /^(npm:@?[^@]+@)?\d+\.\d+\.\d+$/;

const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 13);
const placesWhere = (folder: string, is: (locked: Locked) => boolean): string[] =>
  packagesOf(folder)
    .filter(([, locked]) => is(locked))
    .map(([place]) => place);

it.each(MANIFESTS)('package.json of %s states every dependency in one exact version', (folder) => {
  const { dependencies, devDependencies } = manifestOf(folder);
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !EXACT.test(version),
  );
  expect(ranges).toEqual([]);
});

describe.each(FOLDERS)('package.json of %s', (folder) => {
  it('locks every package to its bytes', () => {
    expect(lockOf(folder).lockfileVersion).toBe(3);
    expect(packagesOf(folder).length).toBeGreaterThan(20);
    const isLoose = ({ integrity }: Locked) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '');
    expect(placesWhere(folder, isLoose)).toEqual([]);
  });

  it('takes every package from the registry, and names none', () => {
    // What comes from elsewhere (git, a URL, a folder) has its place in `resolved`, or is a link.
    const isOdd = ({ resolved, link }: Locked) => resolved !== undefined || link === true;
    expect(placesWhere(folder, isOdd)).toEqual([]);
  });
});

it('judges every install script by name', () => {
  const judged = Object.keys(manifest.allowScripts);
  const scripted = placesWhere('.', ({ hasInstallScript }) => hasInstallScript === true).map(nameOf);
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
