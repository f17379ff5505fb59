/** A program as a process, to be killed and started again with the same settings. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../faults/run.js';
import type { Installed } from './install.js';
import type { Program } from './program.js';

/** AstrBot imports half a minute on a busy machine. */
const LISTENS_WITHIN_MS = 120_000;
const POLL_MS = 100;

/** What a driver reads from `COMPAT_BOT`. */
export interface BotSettings {
  /** Stands before each of its answers. */
  readonly name: string;
  readonly port: number;
  readonly corpId: string;
  readonly corpSecret: string;
  readonly token: string;
  readonly encodingAESKey: string;
  /** `null`: the program's default. */
  readonly apiBase: string | null;
  /** One of its accounts. */
  readonly openKfId: string;
  readonly kfName: string;
}

export class BotProcess {
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  readonly #folder: string;
  readonly #logFile: string;
  /** A copy of its repository, where it has one, since it writes beside its own files. */
  readonly #cwd: string;

  /** @param env how it reaches WeCom. */
  constructor(
    private readonly run: Run,
    private readonly program: Program,
    private readonly installed: Installed,
    private readonly settings: BotSettings,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    this.#folder = run.folder(program.package);
    this.#logFile = join(this.#folder, 'bot.log');
    mkdirSync(join(this.#folder, 'home'));
    const { source } = installed;
    this.#cwd = source === null ? this.#folder : join(this.#folder, 'source');
    if (source !== null)
      cpSync(source, this.#cwd, { recursive: true, filter: (path) => basename(path) !== '.git' });
    run.onEnd(() => this.kill());
  }

  get url(): string {
    return `http://127.0.0.1:${this.settings.port}${this.program.path}`;
  }

  /** Resolves when it listens. @throws Error */
  async start(): Promise<void> {
    if (this.run.isEnding) throw new Error('the run is over');
    const log = openSync(this.#logFile, 'a');
    const child = spawn(
      this.installed.interpreter,
      [join(this.run.root, 'lab/compat/drivers', this.program.driver)],
      {
        cwd: this.#cwd,
        env: {
          PATH: process.env.PATH ?? '',
          HOME: join(this.#folder, 'home'),
          PYTHONUNBUFFERED: '1',
          // Nothing but WeCom is to be called.
          ASTRBOT_DISABLE_METRICS: '1',
          NO_PROXY: '127.0.0.1',
          ...this.env,
          COMPAT_BOT: JSON.stringify(this.settings),
        },
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    this.#child = child;
    this.#exited = once(child, 'close');
    await this.#whenListening(child);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await this.#exited;
  }

  logTail(): string {
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(-15).join('\n');
  }

  async #whenListening(child: ChildProcess): Promise<void> {
    const limitMs = performance.now() + LISTENS_WITHIN_MS;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > limitMs)
        throw new Error(`${this.program.name} did not start:\n${this.logTail()}`);
      await sleep(POLL_MS);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const { port } = this.settings;
      const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) });
      await answer.arrayBuffer();
      return true;
    } catch {
      return false;
    }
  }
}
