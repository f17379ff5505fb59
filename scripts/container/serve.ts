/** What was built, started as the image would start it, asked for its health, and stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SETTINGS } from '../../src/config/settings.js';
import type { User } from './build.js';
import type { Stage } from './dockerfile.js';
import { readOnlyCommand } from './read-only.js';
import { say } from './report.js';
import { run, succeeds } from './run.js';

const START_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 5_000;
const PROBE = `wxkf-probe-${process.pid}`;
const DRAIN_TIMEOUT_MS = Number(SETTINGS.drainTimeoutMs.default);

type Options = { readonly cwd: string; readonly env: NodeJS.ProcessEnv } & User;

/**
 * @param root The folder that stands for the root of the image's file system.
 * @param bin A folder with `node`.
 * @throws Error with the service's output when it does not become healthy or does not stop by itself.
 */
export async function serve(image: Stage, root: string, bin: string, user: User): Promise<void> {
  const port = await freePort();
  const dataDir = join(root, image.env.DATA_DIR ?? '');
  const env = {
    ...image.env,
    // Temporary files have no place either: with a read-only root there is none unless one is mounted.
    HOME: root,
    TMPDIR: root,
    PATH: `${bin}:/usr/bin:/bin`,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDir,
    DRAIN_DELAY_MS: '0',
  };
  const options = { cwd: join(root, image.workdir), env, ...user };
  takePermissions(root, dataDir);
  const prefix = readOnlyCommand(dataDir, user);
  // Becoming that user is then the prefix's to do, which root alone may.
  const ownOptions = prefix.length > 0 ? { ...options, uid: 0, gid: 0 } : options;
  checkReadOnly(dataDir, prefix, ownOptions, user);

  const logFile = `${root}.log`;
  const service = start([...prefix, ...image.cmd], ownOptions, logFile);
  const isHealthy = () => succeeds(image.healthcheck, { ...options, timeout: PROBE_TIMEOUT_MS });
  try {
    await until(`${image.cmd.join(' ')}: the health check succeeds`, service, isHealthy);
    await until('/health/ready answers 200', service, () => isReady(port));
    await askConsole(port);
    askCommands(root, options);
    await stop(service);
  } catch (error) {
    throw new Error(`${error}; the service's output:\n${readFileSync(logFile, 'utf8')}`);
  }
  if (isHealthy()) throw new Error('the health check succeeds although nothing runs');
  say('the health check fails once nothing runs');
}

/** Write permission stays for the data folder alone, which the Dockerfile gave to its user. */
function takePermissions(root: string, dataDir: string): void {
  run(['chmod', '-R', 'a-w', root]);
  run(['chmod', 'u+w', dataDir]);
}

/** @param prefix Of `readOnlyCommand`: without one the machine's own folders for everybody are not looked at. */
function checkReadOnly(dataDir: string, prefix: readonly string[], options: Options, { uid }: User): void {
  const closed = [options.cwd, ...(prefix.length > 0 ? ['/tmp', '/var/tmp'] : [])];
  const canWrite = (folder: string) => succeeds([...prefix, 'touch', join(folder, PROBE)], options);
  const open = closed.filter(canWrite);
  if (open.length > 0) throw new Error(`read-only: the service could write to ${open.join(', ')}`);
  if (!canWrite(dataDir)) throw new Error('read-only: the service could not write to DATA_DIR');
  rmSync(join(dataDir, PROBE));
  const how =
    prefix.length > 0 ? 'all mounts but it are read-only' : 'by permission, since this may not mount';
  say(`read-only: uid ${uid} can write to DATA_DIR and not to ${closed.join(', ')}; ${how}`);
}

/** The page, and a script that it names. @throws Error where the image lacks them. */
async function askConsole(port: number): Promise<void> {
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
    return response.text();
  };
  const [, script = 'no script'] = /<script [^>]*src="([^"]+)"/.exec(await ask('/console')) ?? [];
  await ask(script);
  say('the console is there');
}

/** As `docker exec <container> wxkf-manager …` would. */
function askCommands(root: string, options: Options): void {
  run([join(root, 'usr/local/bin/wxkf-manager'), '--version'], options);
  say('the commands for the shell are there');
}

/** It ends with this process at the latest, and before the folders go. */
function start([name = '', ...args]: readonly string[], options: Options, logFile: string): ChildProcess {
  const log = openSync(logFile, 'w');
  const service = spawn(name, args, { ...options, stdio: ['ignore', log, log] });
  process.prependListener('exit', () => service.kill('SIGKILL'));
  return service;
}

async function until(what: string, service: ChildProcess, holds: () => unknown): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (!(await holds())) {
    const end = service.exitCode ?? service.signalCode;
    if (end !== null) throw new Error(`the service ended with ${end} before: ${what}`);
    if (performance.now() > deadlineMs) throw new Error(`not within ${START_TIMEOUT_MS} ms: ${what}`);
    await delay(200);
  }
  say(what);
}

async function isReady(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal }).catch(() => null);
  return response?.status === 200;
}

async function stop(service: ChildProcess): Promise<void> {
  const stoppedMs = performance.now();
  service.kill('SIGTERM');
  const exit = once(service, 'exit', { signal: AbortSignal.timeout(DRAIN_TIMEOUT_MS) });
  const [code, signal] = await exit.catch(() => ['none in time']);
  if (code !== 0) throw new Error(`after SIGTERM: exit code 0 expected, got ${code ?? signal}`);
  say(`SIGTERM: exit code 0 after ${Math.round(performance.now() - stoppedMs)} ms`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
