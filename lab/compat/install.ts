/** Installs a program as its users do, from PyPI or its repository, into an environment of its own under `.cache/compat`. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import type { Bundle, Program } from './program.js';
import { checkOut } from './repository.js';

const VENV_WITHIN_MS = 120_000;
const INSTALL_WITHIN_MS = 15 * 60_000;
/** AstrBot 4.14.6 is the last for 3.11, and LangBot takes it too. */
const PYTHON = 'python3.11';

const runProgram = promisify(execFile);

export interface Installed {
  /** Python of its own environment, or this Node. */
  readonly interpreter: string;
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
  const isForNode = (repository?.bundle ?? null) !== null;
  const interpreter = isForNode ? process.execPath : join(folder, 'bin/python');
  const source = repository === null ? null : join(folder, 'source');
  const stamp = join(folder, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return { interpreter, source };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (repository !== null && source !== null) await checkOut(repository, clones, source);
  const wanted = repository?.requirements ?? [`${name}==${version}`];
  if (isForNode) await installNode(folder, wanted);
  else await installPython(folder, interpreter, wanted, source ?? folder);
  if (repository?.bundle && source !== null) await bundle(repository.bundle, source);
  writeFileSync(stamp, version);
  return { interpreter, source };
}

async function installPython(
  folder: string,
  python: string,
  wanted: readonly string[],
  cwd: string,
): Promise<void> {
  await runProgram(PYTHON, ['-m', 'venv', folder], { timeout: VENV_WITHIN_MS, killSignal: 'SIGKILL' });
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wanted];
  await runProgram(python, args, { cwd, timeout: INSTALL_WITHIN_MS, killSignal: 'SIGKILL' });
}

async function installNode(folder: string, wanted: readonly string[]): Promise<void> {
  const args = ['install', '--prefix', folder, '--no-save', '--silent', '--ignore-scripts', ...wanted];
  await runProgram('npm', args, { cwd: folder, timeout: INSTALL_WITHIN_MS, killSignal: 'SIGKILL' });
}

async function bundle({ entry, file, workspaces }: Bundle, source: string): Promise<void> {
  const alias = Object.fromEntries(
    Object.entries(workspaces).map(([name, path]) => [name, join(source, path)]),
  );
  const built = await rolldown({ input: join(source, entry), platform: 'node', resolve: { alias } });
  await built.write({ file: join(source, file), format: 'esm', codeSplitting: false });
  await built.close();
}
