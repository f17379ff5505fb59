/**
 * The built commands where every user of the system can read them. The checkout may be below a folder that only its owner may enter, such
 * as `/root`, and its files may be for its owner alone (`umask 077`).
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Build, OWN_BUILD, runCliAs, type SystemUser } from './cli-process.js';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: true; readonly link?: true }>>;
}

/** @returns this checkout's own where the user can read it, since a copy takes some seconds. */
export async function buildFor(user: SystemUser): Promise<Build & { discard(): void }> {
  const { code } = await runCliAs(user, OWN_BUILD, {}, '--version');
  return code === 0 ? { ...OWN_BUILD, discard: () => {} } : copyBuild();
}

/** Copied, not linked: a link would lead to where only the owner may go. */
function copyBuild(): Build & { discard(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'wxkf-build-'));
  const node = join(folder, 'node');
  copyFileSync(process.execPath, node);
  for (const path of ['package.json', 'dist', ...packagesThatRun()])
    cpSync(path, join(folder, path), { recursive: true, filter: isRead });
  letRead(folder);
  return { node, cli: join(folder, 'dist/cli.js'), discard: () => rmSync(folder, { recursive: true }) };
}

/** The folders of those that the manager needs, without what only builds and tests it. */
function packagesThatRun(): string[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  return Object.entries(packages)
    .filter(([path, { dev, link }]) => path.startsWith('node_modules/') && dev !== true && link !== true)
    .map(([path]) => path)
    .filter((path) => !path.startsWith('node_modules/node-') && existsSync(path));
}

const isRead = (path: string): boolean => !/\.(?:map|[cm]?ts|md)$/.test(path);

function letRead(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) letRead(path);
    else chmodSync(path, 0o755);
  }
}
