/** Brings the packages of the naive stack, which nothing else here uses, and compiles it; both only where it is out of date. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** @throws Error when npm cannot install or it does not compile; what they say is printed. */
export function prepareNaive(root: string): void {
  const folder = join(root, 'lab/bench/naive');
  const installed = statSync(join(folder, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  if ((installed?.mtimeMs ?? 0) < statSync(join(folder, 'package-lock.json')).mtimeMs) {
    run(`npm ci --no-audit --prefix "${folder}"`);
  }
  run(`"${process.execPath}" "${join(root, 'node_modules/typescript/bin/tsc')}" -p "${folder}"`);
}

function run(command: string): void {
  execFileSync(command, { shell: true, stdio: ['ignore', process.stderr, process.stderr] });
}
