/** One server under test: started on its core, watched, and ended by its own process id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Lets Node load our TypeScript. */
const TYPESCRIPT = import.meta.resolve('tsx');
const READY_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 3_000;
/** `CLK_TCK`, 100 on every Linux that Node runs on. */
const TICK_MS = 10;

export type Usage = { readonly cpuMs: number; readonly rssMb: number };

export class Child {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  /** What it prints goes to `logFile`: read through a pipe it would cost the generator's core. */
  static start(
    name: string,
    script: string,
    env: Record<string, string>,
    where: { cwd: string; logFile: string; core: number | string | undefined },
  ): Child {
    const node = [process.execPath, ...(script.endsWith('.ts') ? ['--import', TYPESCRIPT] : []), script];
    const [command = '', ...args] =
      where.core === undefined ? node : ['taskset', '-c', String(where.core), ...node];
    const log = openSync(where.logFile, 'w');
    const child = spawn(command, args, {
      cwd: where.cwd,
      env: { PATH: process.env.PATH, NODE_ENV: 'production', NO_COLOR: '1', ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => undefined);
    return new Child(name, child, where.logFile);
  }

  get alive(): boolean {
    const { pid, exitCode, signalCode } = this.child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** @param ready - whether it answers yet; asked every 50 ms. */
  async untilReady(ready: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + READY_WITHIN_MS;
    while (!(await ready().catch(() => false))) {
      if (!this.alive) throw new Error(`${this.name} ended while it started:\n${this.logTail()}`);
      if (performance.now() > deadlineMs) throw new Error(`${this.name} was not ready:\n${this.logTail()}`);
      await sleep(50);
    }
  }

  /** CPU time since its start and memory now. @returns `null` where there is no /proc. */
  usage(): Usage | null {
    try {
      const stat = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
      const rssKb = Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
      return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rssMb: rssKb / 1024 };
    } catch {
      return null;
    }
  }

  get logBytes(): number {
    return statSync(this.logFile).size;
  }

  logFrom(byte: number): string {
    const file = openSync(this.logFile, 'r');
    try {
      const text = Buffer.alloc(fstatSync(file).size - byte);
      readSync(file, text, 0, text.length, byte);
      return text.toString();
    } finally {
      closeSync(file);
    }
  }

  logTail(): string {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(-20).join('\n');
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    for (let waitedMs = 0; this.alive && waitedMs < ENDS_WITHIN_MS; waitedMs += 20) await sleep(20);
    this.kill();
  }

  /** Without a chance to write anything more. */
  async stopNow(): Promise<void> {
    this.kill();
    while (this.alive) await sleep(5);
  }

  kill(): void {
    if (this.alive) this.child.kill('SIGKILL');
  }
}
