/**
 * Which core does what. Without pinning the kernel moves generator and server about and the figure is that
 * of the scheduler; with it "per second on one core" means one core.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type Cores = {
  readonly server: number;
  readonly load: number;
  readonly database: number;
  /** All three, as `taskset -c` takes them: for a server that may use what the others leave. */
  readonly all: string;
};

/** @returns `null` where nothing can be pinned: not Linux, no `taskset`, or one core only. */
export function planCores(): Cores | null {
  const [server, load, third] = allowedCores();
  if (server === undefined || load === undefined) return null;
  if (spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status !== 0) return null;
  const database = third ?? load;
  return { server, load, database, all: [server, load, database].join() };
}

/** Moves this process, and what it starts from now on, to a core. */
export function moveTo(core: number | undefined): void {
  if (core === undefined) return;
  spawnSync('taskset', ['-apc', String(core), String(process.pid)], { stdio: 'ignore' });
}

function allowedCores(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    return list.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
}
