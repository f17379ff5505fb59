/** Which core does what. Without pinning, the kernel moves generator and server about, and the figure is that of its scheduler. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @returns the server's core, `undefined` where nothing can be pinned; this process moves to another one. */
export function pin(): number | undefined {
  const [server, load] = allowedCores();
  if (server === undefined || load === undefined) return undefined;
  const moved = spawnSync('taskset', ['-apc', String(load), String(process.pid)], { stdio: 'ignore' });
  return moved.status === 0 ? server : undefined;
}

function allowedCores(): number[] {
  if (process.platform !== 'linux') return [];
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
