/**
 * The steps of the Dockerfile, carried out in a folder per stage that stands for the file system of its image.
 * What the base image contains is not there: the programs are those of this machine.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, matchesGlob, relative } from 'node:path';
import type { Stage, Step } from './dockerfile.js';
import { say } from './report.js';
import { run } from './run.js';

/** By number, since the names of the image are not known here. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

const COPY_OPTIONS = { recursive: true, verbatimSymlinks: true };
const MUST_NOT_GET_IN = ['.env', '.env.local', '.git', 'data', 'node_modules', 'dist'];
/** What `npm run` sets for this folder. The rest stays, npm's settings for a proxy or a mirror among it. */
const FROM_HERE =
  /^(npm_(package|lifecycle|config_local_prefix|config_prefix|command|node)|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/;

/** Copies what `docker build .` would get. @throws Error when .dockerignore lets in what must stay out. */
export function copyContext(to: string): void {
  const lines = readFileSync('.dockerignore', 'utf8').split('\n');
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const isIgnored = (file: string) => patterns.some((pattern) => matchesGlob(file, pattern));
  const leaked = MUST_NOT_GET_IN.filter((file) => !isIgnored(file));
  if (leaked.length > 0) throw new Error(`.dockerignore lets into the build: ${leaked.join(', ')}`);
  cpSync('.', to, { ...COPY_OPTIONS, filter: (source) => !isIgnored(relative('.', source)) });
  say(`build context: ${readdirSync(to).join(' ')}`);
}

/**
 * Builds every stage in a folder of its own below `temp`.
 * @param bin A folder with the `node` of the steps.
 * @param user Gets what the Dockerfile gives to the user of the image.
 * @returns The folder of the last stage.
 * @throws Error with the output of the step that failed.
 */
export function build(
  stages: readonly Stage[],
  image: Stage,
  temp: string,
  bin: string,
  { uid, gid }: User,
): string {
  const folderOf = (name: string) => join(temp, `stage-${name}`);
  for (const { name, parent, steps } of stages) {
    const folder = folderOf(name);
    mkdirSync(folder);
    if (parent) cpSync(folderOf(parent.name), folder, COPY_OPTIONS);
    for (const { keyword, args, workdir, env } of steps) {
      const cwd = join(folder, workdir);
      if (keyword === 'WORKDIR') mkdirSync(cwd, { recursive: true });
      if (keyword === 'COPY') copy(args, cwd, join(temp, 'context'), folderOf);
      if (keyword === 'RUN') {
        const command = absoluteIn(folder, args).replaceAll(image.user, `${uid}:${gid}`);
        run(['sh', '-c', command], { cwd, env: buildEnv(bin, env) });
      }
      say(`${name}: ${keyword} ${args}`);
    }
  }
  return folderOf(image.name);
}

/** `[--from=stage] source... target`, the target relative to `workdir`. */
function copy(args: string, workdir: string, context: string, folderOf: (stage: string) => string): void {
  const [, from, paths = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(args) ?? [];
  const sources = paths.split(/\s+/);
  const target = sources.pop() ?? '';
  for (const source of sources) {
    const origin = join(from === undefined ? context : folderOf(from), source);
    if (!existsSync(origin)) throw new Error(`COPY ${args}: there is no ${source}`);
    const isIntoFolder = target.endsWith('/') && statSync(origin).isFile();
    cpSync(origin, join(workdir, target, isIntoFolder ? basename(source) : ''), COPY_OPTIONS);
  }
}

/** The command with its absolute paths moved below `folder`. */
function absoluteIn(folder: string, command: string): string {
  return command.replaceAll(/(?<![\w./-])\//g, `${folder}/`);
}

/**
 * Without what node_modules of this folder would add, which no image has. What npm has downloaded for this folder
 * it need not ask the registry about again.
 */
function buildEnv(bin: string, env: Step['env']): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !FROM_HERE.test(name));
  const path = (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !/node_modules|node-gyp-bin/.test(folder));
  return {
    ...Object.fromEntries(kept),
    PATH: [bin, ...path].join(':'),
    npm_config_prefer_offline: 'true',
    ...env,
  };
}

/** An entry of package-lock.json; its key is a folder, and '' for the project itself. */
interface LockEntry {
  readonly dev?: true;
  readonly optional?: true;
  readonly devOptional?: true;
}

/** @throws Error unless `app` has all that production needs by package-lock.json, and nothing of development. */
export function checkDependencies(app: string): void {
  const lock: { packages: Record<string, LockEntry> } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const packages = Object.entries(lock.packages)
    .filter(([folder]) => folder !== '')
    .map(([folder, entry]) => ({ ...entry, folder, isThere: existsSync(join(app, folder)) }));
  const production = packages.filter((entry) => !entry.dev && !entry.optional && !entry.devOptional);
  const dev = packages.filter((entry) => entry.dev);
  const wrong = [...production.filter(({ isThere }) => !isThere), ...dev.filter(({ isThere }) => isThere)];
  const names = wrong.slice(0, 10).map(({ folder, dev }) => `\n  - ${folder} ${dev ? 'is in' : 'is not in'}`);
  if (wrong.length > 0)
    throw new Error(`${wrong.length} dependencies are wrong, among them:${names.join('')}`);
  say(`dependencies: ${production.length} of production are in, ${dev.length} of development are not`);
}
