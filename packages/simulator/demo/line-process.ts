/** A program as a process of its own, whose lines are read as they come. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The exit code, or the signal's name if that ended it. */
export type End = number | NodeJS.Signals | null;

export interface LineProcessOptions {
  /** Besides PATH, all that it gets of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly args?: readonly string[];
  /** What runs the program; Node where it is left out. */
  readonly runtime?: string;
}

export class LineProcess {
  /** All lines so far, of both outputs. */
  readonly lines: string[] = [];
  readonly exited: Promise<End>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<(line: string) => void>();

  /** @param program the path of its file. */
  constructor(
    private readonly program: string,
    { env, cwd, args = [], runtime = process.execPath }: LineProcessOptions,
  ) {
    const child = spawn(runtime, [program, ...args], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
    });
    this.#child = child;
    this.exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as End);
    for (const output of [child.stdout, child.stderr]) {
      createInterface(output).on('line', (line) => {
        this.lines.push(line);
        for (const see of this.#waiting) see(line);
      });
    }
  }

  /** The first line, past or to come, that matches. Rejects when the process ends before. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const past = this.lines.find((line) => pattern.test(line));
      if (past !== undefined) return resolve(past);
      const see = (line: string): void => {
        if (!pattern.test(line)) return;
        this.#waiting.delete(see);
        resolve(line);
      };
      this.#waiting.add(see);
      void this.exited.then((end) =>
        reject(new Error(`${this.program} ended with ${end} before that line:\n${this.lines.join('\n')}`)),
      );
    });
  }

  /** Sends the signal. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<End> {
    this.#child.kill(signal);
    return this.exited;
  }
}
