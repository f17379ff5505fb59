/** The built demo as a process of its own; without a terminal it ends once the message has arrived. Before it: what is built. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';

/** A puppet that took longer than a second on a busy machine is told of besides, as `kept`. */
const MESSAGE = ['started', 'connected', 'registered', 'verified', 'wrote', 'called', 'opened', 'answered'];
/** It begins as soon as the puppet has the message, which may be before WeCom has its answer. */
const REPLY = ['opened', 'delivered', 'sent', 'read', 'stopped'];
const STEPS = [...MESSAGE, ...REPLY, 'pulled'];

let temp: string;
let demo: ChildProcess;

beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'wxkf-demo-spec-'));
});

afterEach(() => {
  if (isRunning()) process.kill(-(demo.pid ?? 0), 'SIGKILL');
  rmSync(temp, { recursive: true, force: true });
});

/** In a process group of its own, to which its manager and its puppet belong as well. */
function start(
  argument = '',
  env: Record<string, string> = {},
): { output: () => string; ended: Promise<unknown[]> } {
  demo = spawn(process.execPath, ['packages/simulator/dist/demo/demo.js', argument], {
    env: { PATH: process.env.PATH ?? '', TMPDIR: temp, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let output = '';
  demo.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  return { output: () => output, ended: once(demo, 'close') };
}

/** Whether anything of the group still is. */
function isRunning(): boolean {
  try {
    return process.kill(-(demo.pid ?? 0), 0);
  } catch {
    return false;
  }
}

function expectNothingLeft(): void {
  expect(readdirSync(temp)).toEqual([]);
  expect(isRunning()).toBe(false);
}

it('without a terminal says before all else that it will end, and shows the steps of one message in the order in which they happened', async () => {
  const { output, ended } = start();
  expect(await ended).toEqual([0, null]);
  expect(output()).toMatch(/^Its output is no terminal, so .* the demo ends when the reply is there\./);

  const steps = [...output().matchAll(/^ *([\d.]+) s {2}(\w+)/gm)];
  const names = steps.map(([, , name = '']) => name);
  const first = (name: string) => names.indexOf(name);
  expect(new Set(names)).toEqual(new Set([...names, ...STEPS]));
  for (const inOrder of [MESSAGE, REPLY]) {
    expect(inOrder.map(first)).toEqual(inOrder.map(first).toSorted((one, other) => one - other));
  }
  const times = steps.map(([, seconds]) => Number(seconds));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(output()).toContain('张三 sees "Echo: ');
  expectNothingLeft();
});

it('with --agent has a service answer in place of the puppet', async () => {
  const { output, ended } = start('--agent');
  expect(await ended).toEqual([0, null]);
  expect(output()).toMatch(/added +a stand-in of a service answers/);
  expect(output()).toContain('张三 sees "You wrote: Hello');
  expectNothingLeft();
});

it('leaves nothing behind when whoever reads its output has gone', async () => {
  const { ended } = start('--once');
  demo.stdout?.destroy();
  expect((await ended)[1]).toBeNull();
  expectNothingLeft();
});

it('fails when the message does not arrive, says why, and leaves nothing behind', async () => {
  const other = await startPuppetServer();
  const { output, ended } = start('--once', { PORT: new URL(other.url).port });
  expect(await ended).toEqual([1, null]);
  await other.close();

  // It was asked to end.
  expect(output()).not.toContain('Its output is no terminal');
  expect(output()).toMatch(/The demo failed: .*EADDRINUSE/s);
  expectNothingLeft();
});

it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind after %s', async (signal) => {
  const { ended } = start();
  await untilThereIsAFolder();
  demo.kill(signal);

  const [, endedBy] = await ended;
  expect(endedBy).toBeNull();
  expectNothingLeft();
});

/** Then its manager is being started. */
async function untilThereIsAFolder(): Promise<void> {
  await until(() => readdirSync(temp).length > 0);
}

it('builds what is older than its sources, and says so first', () => {
  const ago = new Date(Date.now() - 60_000);
  for (const folder of ['src', 'dist/guide', 'packages/simulator/dist/page'])
    mkdirSync(join(temp, folder), { recursive: true });
  const build = (file: string) => `echo built ${file} && echo > ${file}`;
  const root = { workspaces: ['packages/simulator'], scripts: { build: build('dist/guide/guide.css') } };
  // A script of a workspace runs in its folder.
  const simulator = { name: 'simulator', scripts: { build: build('dist/page/index.html') } };
  writeFileSync(join(temp, 'package.json'), JSON.stringify(root));
  writeFileSync(join(temp, 'packages/simulator/package.json'), JSON.stringify(simulator));
  writeFileSync(join(temp, 'src/main.ts'), '');
  for (const path of [
    'package.json',
    'src',
    'src/main.ts',
    'packages/simulator',
    'packages/simulator/package.json',
  ])
    utimesSync(join(temp, path), ago, ago);
  const built = () =>
    execFileSync(process.execPath, [resolve('scripts/build-stale.js'), 'manager', 'simulator'], {
      cwd: temp,
      encoding: 'utf8',
    });

  const first = built();
  expect(first).toMatch(/^Building the manager and the local WeCom, /);
  expect(first).toMatch(/built dist\/guide.*built dist\/page/s);
  expect(built()).toBe('');
  utimesSync(join(temp, 'src/main.ts'), new Date(), new Date(Date.now() + 1_000));
  expect(built()).toMatch(/^Building the manager, .*\nbuilt dist\S+\n$/);
});
