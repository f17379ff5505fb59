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

/** As this user of the system; only root may be another one. */
export function runCliAs(
  user: { readonly uid?: number; readonly gid?: number },
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CliResult> {
  return run('', user, env, args);
}

function run(
  input: string,
  user: { readonly uid?: number; readonly gid?: number },
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = {
      ...user,
      env: { ...BASE_ENV, ...env },
      timeout: LIMIT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
    };
    const child = execFile(process.execPath, [CLI, ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    // One that reads nothing may have ended before.
    child.stdin?.on('error', () => {}).end(input);
  });
}
