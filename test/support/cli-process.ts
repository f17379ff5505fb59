/** The built commands as an operator runs them. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { COMPILE_CACHE } from './manager-process.js';

const CLI = join(process.cwd(), 'dist/cli.js');
const BASE_ENV = { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE };
const LIMIT_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1_024 * 1_024;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runCli(env: Readonly<Record<string, string>>, ...args: string[]): Promise<CliResult> {
  return runCliWith('', env, ...args);
}

/** One that goes on until it is told to end. */
export function spawnCli(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [CLI, ...args], { env: { ...BASE_ENV, ...env } });
}

/** @param input on its standard input. */
export function runCliWith(
  input: string,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CliResult> {
  return run(input, {}, env, args);
}

/** Left out: the one who runs this. Only root may be another one. */
export interface SystemUser {
  readonly uid?: number;
  readonly gid?: number;
}

export interface Build {
  readonly node: string;
  readonly cli: string;
}

/** The one of this checkout. */
export const OWN_BUILD: Build = { node: process.execPath, cli: CLI };

/** @param build one that the user can read. */
export function runCliAs(
  user: SystemUser,
  build: Build,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CliResult> {
  return run('', user, env, args, build);
}

function run(
  input: string,
  user: SystemUser,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  { node, cli }: Build = OWN_BUILD,
): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = {
      ...user,
      env: { ...BASE_ENV, ...env },
      timeout: LIMIT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    };
    const child = execFile(node, [cli, ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    // One that reads nothing may have ended before.
    child.stdin?.on('error', () => {}).end(input);
  });
}
