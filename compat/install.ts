/** Installs a program as its users do, from PyPI, into a virtual environment of its own under `.cache/compat`. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Program } from './program.js';

const VENV_WITHIN_MS = 120_000;
const INSTALL_WITHIN_MS = 15 * 60_000;
/** AstrBot 4.14.6 is the last for 3.11, and LangBot takes it too. */
const PYTHON = 'python3.11';

const runProgram = promisify(execFile);

/** @returns its Python. @throws Error when it cannot be installed in time. */
export async function install(root: string, { package: name, version }: Program): Promise<string> {
  const folder = join(root, '.cache/compat', `${name}-${version}`);
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await runProgram(PYTHON, ['-m', 'venv', folder], { timeout: VENV_WITHIN_MS, killSignal: 'SIGKILL' });
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `${name}==${version}`];
  await runProgram(python, args, { timeout: INSTALL_WITHIN_MS, killSignal: 'SIGKILL' });
  writeFileSync(stamp, version);
  return python;
}
