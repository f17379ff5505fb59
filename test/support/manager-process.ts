/** The built manager as a process of its own, as an operator runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { leftovers } from './leftovers.js';

type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface ManagerProcess {
  readonly url: string;
  readonly pid: number;
  /** All lines so far. */
  readonly log: readonly LogLine[];
  /** Everything that was written to standard output and error, as text. */
  output(): string;
  /** The first line, past or to come, that `is` accepts. Rejects when the process ends before. */
  line(is: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends the signal and gives the exit code, or the signal's name if that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

/** Tests, benchmarks and the demo are all started in the project's folder. */
const MAIN = join(process.cwd(), 'dist/main.js');

/** Compiled once for all starts of a run, which saves a seventh of each. */
export const COMPILE_CACHE = join(process.cwd(), '.cache/compiled');

/**
 * Managers ask about each new secret, and never WeCom itself: the run's gettoken accepts all; where there is no run,
 * nobody listens.
 */
export const TOKEN_URL = process.env.WXKF_TEST_TOKEN_URL ?? 'http://127.0.0.1:1/cgi-bin/gettoken';

/** In the environment of a manager: its wall clock steps when it gets SIGUSR2. */
export const STEPPING_CLOCK = {
  NODE_OPTIONS: `--import ${pathToFileURL(join(process.cwd(), 'test/support/stepping-clock.js'))}`,
};

/** Spawns the manager; does not wait for anything. @param main of another build than the project's. */
export function spawnManager(
  env: Readonly<Record<string, string>>,
  cwd?: string,
  main = MAIN,
): Omit<ManagerProcess, 'url'> {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      DRAIN_DELAY_MS: '0',
      ACCESS_TOKEN_URL: TOKEN_URL,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  const kill = () => child.kill('SIGKILL');
  leftovers.add(kill);
  child.once('close', () => leftovers.delete(kill));
  const log: LogLine[] = [];
  const waiting = new Set<(line: LogLine) => void>();
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  createInterface(child.stdout).on('line', (text) => {
    output += `${text}\n`;
    const line = toLogLine(text);
    if (line === null) return;
    log.push(line);
    for (const see of waiting) see(line);
  });
  const exited = endOf(child);
  return {
    pid: child.pid ?? 0,
    log,
    output: () => output,
    line: (is) =>
      new Promise((resolve, reject) => {
        const past = log.find(is);
        if (past !== undefined) return resolve(past);
        const see = (line: LogLine): void => {
          if (!is(line)) return;
          waiting.delete(see);
          resolve(line);
        };
        waiting.add(see);
        void exited.then((code) =>
          reject(new Error(`the manager ended with ${code} before that line:\n${output}`)),
        );
      }),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
    exited,
  };
}

/** @returns `null` for what is none, or was cut off by a kill. */
function toLogLine(text: string): LogLine | null {
  try {
    return text.startsWith('{') ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Resolves when it is ready to take callbacks. */
export async function startManager(
  env: Readonly<Record<string, string>>,
  cwd?: string,
  main = MAIN,
): Promise<ManagerProcess> {
  const manager = spawnManager(env, cwd, main);
  const { url } = await manager.line(({ msg }) => msg === 'manager.listening');
  await manager.line(({ msg }) => msg === 'registry.loaded');
  return { ...manager, url: String(url) };
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  const [code, signal] = await once(child, 'close');
  return code ?? signal;
}
