/** Prometheus and its promtool, where the machine has them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { leftovers } from './leftovers.js';

const folders = (process.env.PATH ?? '').split(delimiter);
const missing = ['promtool', 'prometheus'].filter(
  (name) => !folders.some((folder) => existsSync(join(folder, name))),
);

if (missing.length > 0) {
  const howToGetOne = 'To get both: Debian and Ubuntu have them in the package prometheus.';
  // CI must not see a green run that left it out.
  if (process.env.CI) throw new Error(`No ${missing.join(' and ')} for the tests. ${howToGetOne}`);
  process.stderr.write(
    `!!! NO ${missing.join(' AND ').toUpperCase()}: ITS SUITES ARE LEFT OUT !!! ${howToGetOne}\n`,
  );
}

/** `describe` where there is a Prometheus. */
export const prometheusSuite = missing.length === 0 ? describe : describe.skip;

/** @throws Error with all that promtool says, when it finds something wrong. */
export async function promtool(...args: string[]): Promise<void> {
  await promisify(execFile)('promtool', args);
}

export interface RuleState {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  /** ISO; the year 1 before the first. */
  readonly lastEvaluation: string;
}

export interface Prometheus {
  /** How many series an expression gives now. @throws Error with what Prometheus says of a wrong one. */
  count(expr: string): Promise<number>;
  rules(): Promise<RuleState[]>;
  /** Asks until it is so. */
  until(isSo: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

/** On loopback, with its data in `dataDir`. Resolves when it answers. */
export async function startPrometheus(configFile: string, dataDir: string): Promise<Prometheus> {
  const child = spawn(
    'prometheus',
    [`--config.file=${configFile}`, `--storage.tsdb.path=${dataDir}`, '--web.listen-address=127.0.0.1:0'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const kill = () => child.kill('SIGKILL');
  leftovers.add(kill);
  child.once('close', () => leftovers.delete(kill));
  const url = await urlOf(child);
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const { data, error } = (await response.json()) as { data?: unknown; error?: string };
    if (error !== undefined) throw new Error(`${error} in ${decodeURIComponent(path)}`);
    return data;
  };
  return {
    count: async (expr) => {
      const { result } = (await ask(`query?query=${encodeURIComponent(expr)}`)) as { result: unknown[] };
      return result.length;
    },
    rules: async () => {
      const { groups } = (await ask('rules')) as { groups: { rules: RuleState[] }[] };
      return groups.flatMap(({ rules }) => rules);
    },
    until: async (isSo) => {
      while (!(await isSo())) await pause(100);
    },
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'close');
    },
  };
}

/** It listens before it is ready to answer. @throws Error with all that it said, when it ends before. */
async function urlOf(child: ChildProcess): Promise<string> {
  let output = '';
  let url = '';
  if (child.stderr === null) throw new Error('its standard error is not read');
  for await (const line of createInterface(child.stderr)) {
    output += `${line}\n`;
    url = /msg="Listening on" address=(\S+)/.exec(line)?.[1] ?? url;
    if (line.includes('Server is ready to receive web requests')) {
      child.stderr.resume();
      return `http://${url}`;
    }
  }
  throw new Error(`Prometheus ended:\n${output}`);
}
