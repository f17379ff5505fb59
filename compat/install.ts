/** Installs a program as its users do, from PyPI or its repository, into an environment of its own under `.cache/compat`. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Program } from './program.js';
import { checkOut } from './repository.js';

const VENV_WITHIN_MS = 120_000;
const INSTALL_WITHIN_MS = 15 * 60_000;
/** AstrBot 4.14.6 is the last for 3.11, and LangBot takes it too. */
const PYTHON = 'python3.11';

const runProgram = promisify(execFile);

export interface Installed {
  readonly python: string;
  /** Its repository's files; `null` for a package. */
  readonly source: string | null;
}

/**
 * @param clones a folder that has clones of the repositories; `null`: they are cloned from GitHub.
 * @throws Error when it cannot be installed in time.
 */
export async function install(root: string, program: Program, clones: string | null): Promise<Installed> {
  const { package: name, version, repository } = program;
  const folder = join(root, '.cache/compat', `${name}-${version}`);
  const python = join(folder, 'bin/python');
  const source = repository === null ? null : join(folder, 'source');
  const stamp = join(folder, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return { python, source };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await runProgram(PYTHON, ['-m', 'venv', folder], { timeout: VENV_WITHIN_MS, killSignal: 'SIGKILL' });
  if (repository !== null && source !== null) await checkOut(repository, clones, source);
  const wanted = repository?.requirements ?? [`${name}==${version}`];
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wanted];
  const cwd = source ?? folder;
  await runProgram(python, args, { cwd, timeout: INSTALL_WITHIN_MS, killSignal: 'SIGKILL' });
  writeFileSync(stamp, version);
  return { python, source };
}
