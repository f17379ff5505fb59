/** What may be installed: exact versions of known bytes under permissive licences, without scripts; and what builds it. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { argsOf } from '../support/dockerfile.js';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly license?: string;
}

interface Manifest {
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
/** What `npm ci` installs, and what only the site and some tests need. */
const FOLDERS = ['.', 'docs', 'scripts/kubernetes'];
const MANIFESTS = [
  ...FOLDERS,
  'lab',
  'packages/client-typescript',
  'packages/console',
  'packages/simulator',
  'scripts/node',
];
const manifestOf = (folder: string) =>
  readJson<{
    readonly dependencies: Record<string, string>;
    readonly devDependencies?: Record<string, string>;
    readonly optionalDependencies?: Record<string, string>;
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
const packages = packagesOf('.');

/** SPDX ids that ask for no more than to be named. */
const LICENCES = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Python-2.0',
];
const EXACT = /^\d+\.\d+\.\d+$/;

const placesWhere = (folder: string, is: (locked: Locked) => boolean): string[] =>
  packagesOf(folder)
    .filter(([, locked]) => is(locked))
    .map(([place]) => place);

it.each(MANIFESTS)('package.json of %s states every dependency in one exact version', (folder) => {
  const { dependencies, devDependencies, optionalDependencies } = manifestOf(folder);
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
  const ranges = Object.entries(all).filter(([, version]) => !EXACT.test(version));
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

it('runs no script of a package that is installed', () => {
  const place = mkdtempSync(join(tmpdir(), 'wxkf-scripts-'));
  // Without the settings that `npm test` hands on, and those of the person.
  const env = {
    PATH: process.env.PATH,
    HOME: place,
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  const npmIn = (folder: string, manifest: object, ...args: string[]): void => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    execFileSync('npm', args, { cwd: folder, env, stdio: 'pipe' });
  };
  try {
    const script = "node --eval \"fs.writeFileSync('ran', '')\"";
    const scripts = Object.fromEntries(
      ['preinstall', 'install', 'postinstall'].map((name) => [name, script]),
    );
    npmIn(join(place, 'one'), { name: 'one', version: '1.0.0', scripts }, 'pack');
    npmIn(join(place, 'two'), {}, 'install', '--userconfig', resolve('.npmrc'), '../one/one-1.0.0.tgz');
    expect(readdirSync(join(place, 'two/node_modules/one'))).toEqual(['package.json']);
    const settings = FOLDERS.map((folder) => readFileSync(`${folder}/.npmrc`, 'utf8').split('\n'));
    for (const lines of settings) expect(lines).toContain('ignore-scripts=true');
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}, 60_000);

it('brings a Node of one version on Linux, and it is the one that runs this', () => {
  const brought = Object.entries(manifestOf('scripts/node').optionalDependencies ?? {});
  // The package for Windows is published later, or not at all.
  const onLinux = brought.filter(([name]) => name.startsWith('node-linux-')).map(([, version]) => version);
  expect(new Set(onLinux).size).toBe(1);
  const isBrought = existsSync(`node_modules/node-${process.platform}-${process.arch}`);
  if (isBrought && process.platform === 'linux') expect(process.versions.node).toBe(onLinux[0]);
});

describe('before a build', () => {
  let folder = '';
  const writeJson = (path: string, content: object): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(content));
  };
  const prepare = () =>
    spawnSync(process.execPath, [resolve('scripts/prepare-node.js')], { cwd: folder, encoding: 'utf8' });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wxkf-prepare-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('links the Node that an older npm has installed and not linked', () => {
    const brought = `node_modules/node-${process.platform}-${process.arch}`;
    writeJson('package.json', { engines: { node: '>=99.9' } });
    writeJson(`${brought}/package.json`, {
      name: basename(brought),
      version: '1.0.0',
      bin: { node: 'bin/node' },
    });
    writeJson(`${brought}/bin/node`, {});
    expect(prepare()).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(folder, 'node_modules/.bin/node'))).toBe(true);
  });

  it('refuses a Node that is too old where none was brought', () => {
    writeJson('package.json', { engines: { node: '>=99.9' } });
    const { status, stderr } = prepare();
    expect(status).toBe(1);
    expect(stderr).toContain('This needs Node 99.9 or later');
  });
});

describe('the image and the workflows', () => {
  const workflows = globSync('.github/workflows/*.yml').map((file) => readFileSync(file, 'utf8'));

  it('has the settings of npm wherever the image installs', () => {
    const installs = argsOf('RUN').filter((args) => /\bnpm (ci|i|install)\b/.test(args));
    const copies = argsOf('COPY').filter((args) => args.split(' ').includes('.npmrc'));
    expect(installs.length).toBeGreaterThan(1);
    expect(copies).toHaveLength(installs.length);
  });

  it('names every action by its commit, with the version beside it', () => {
    const used = workflows.flatMap((text) =>
      [...text.matchAll(/\buses: *(.+)$/gm)].map(([, one = '']) => one),
    );
    const foreign = used.filter((one) => !one.startsWith('./'));
    expect(foreign.length).toBeGreaterThan(10);
    const loose = foreign.filter((one) => !/^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(one));
    expect(loose).toEqual([]);
  });

  it('has newer ones proposed of all that is pinned', () => {
    const { updates } = parse(readFileSync('.github/dependabot.yml', 'utf8')) as {
      updates: { 'package-ecosystem': string; directory?: string; directories?: string[] }[];
    };
    const foldersOf = (wanted: string) =>
      updates
        .filter((one) => one['package-ecosystem'] === wanted)
        .flatMap(({ directory, directories = [] }) => [
          ...(directory === undefined ? [] : [directory]),
          ...directories,
        ]);
    expect(foldersOf('docker')).toEqual(['/']);
    expect(foldersOf('github-actions')).toEqual(['/']);
    const locked = FOLDERS.map((folder) => (folder === '.' ? '/' : `/${folder}`));
    expect(foldersOf('npm').toSorted()).toEqual(locked.toSorted());
  });
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
