/** An example of `examples/` as a process of its own, as whoever copies it runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { leftovers } from './leftovers.js';

export interface ExampleProcess {
  /** All lines so far, of both outputs. */
  readonly lines: readonly string[];
  /** The first line, past or to come, that matches. Rejects when the process ends before. */
  line(pattern: RegExp): Promise<string>;
  /** Sends the signal; the exit code, or the signal's name if that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export function startExample(path: string, env: Readonly<Record<string, string>>): ExampleProcess {
  const child = spawn(process.execPath, [path], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  leftovers.add(kill);
  const ended = once(child, 'close').then(([code, signal]) => {
    leftovers.delete(kill);
    return (code ?? signal) as number | NodeJS.Signals | null;
  });
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on('line', (line) => {
      lines.push(line);
      for (const see of waiting) see(line);
    });
  }
  return {
    lines,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const past = lines.find((line) => pattern.test(line));
        if (past !== undefined) return resolve(past);
        const see = (line: string): void => {
          if (!pattern.test(line)) return;
          waiting.delete(see);
          resolve(line);
        };
        waiting.add(see);
        void ended.then((code) =>
          reject(new Error(`${path} ended with ${code} before that line:\n${lines.join('\n')}`)),
        );
      }),
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
