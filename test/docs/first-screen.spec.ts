/** README's first screen: a line that tries everything and one that runs the tests, each with all of its set-up. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { toPage } from './markdown.js';

const LINES_MAX = 30;
const SET_UP = 'npm ci && ';
/** What the demo reads; without sources it takes the build as it is. */
const READ = [
  'package.json',
  'scripts',
  'packages/simulator/package.json',
  'examples',
  'packages/simulator/dist',
  'dist',
];

const firstScreenOf = (path: string) =>
  toPage(path, readFileSync(path, 'utf8').split('\n').slice(0, LINES_MAX).join('\n'));
const [DEMO = '', TESTS = ''] = firstScreenOf('README.md').code.map((block) => block.trim());

let folder: string;
let home: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-readme-'));
  home = join(folder, 'home');
  mkdirSync(home);
  for (const path of READ) cpSync(path, join(folder, 'clone', path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'clone/node_modules'));
});

afterAll(() => rmSync(folder, { recursive: true }));

it.each(['README.md', 'README.zh-CN.md'])(
  '%s begins with one line for the demo and one for the tests',
  (path) => {
    const commands = firstScreenOf(path).code.map((block) => block.trim());
    expect(commands.slice(0, 2)).toEqual(['npm ci && npm run demo', 'npm ci && npm test']);
  },
);

// `npm ci` itself takes a registry and minutes: CI begins with it, in a clone of its own.
it("README's line for the demo sends a message through everything and ends with 0, without a terminal and with an empty home", async () => {
  const { stdout } = await promisify(execFile)('sh', ['-c', DEMO.replace(SET_UP, '')], {
    cwd: join(folder, 'clone'),
    env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: folder },
  });
  expect(stdout).toMatch(/张三 sees "Echo: /);
});

it("README's line for the tests names a script that there is, and CI runs both of its commands", () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const ci = readFileSync('.ci/run', 'utf8');
  expect(Object.keys(scripts)).toContain(/^npm ci && npm (\w+)$/.exec(TESTS)?.[1]);
  for (const command of TESTS.split(' && ')) expect(ci).toContain(`'${command}`);
});
