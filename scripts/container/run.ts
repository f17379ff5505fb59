/** Commands of the Dockerfile, run here. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';

const TIMEOUT_MS = 300_000;

/** @throws Error with the command and its output when it fails or takes too long. */
export function run(command: readonly string[], options: SpawnSyncOptions = {}): void {
  const { status, error, stdout, stderr } = spawn(command, options);
  if (status !== 0) throw new Error(`${command.join(' ')} failed: ${error ?? status}\n${stdout}${stderr}`);
}

export function succeeds(command: readonly string[], options: SpawnSyncOptions): boolean {
  return spawn(command, options).status === 0;
}

function spawn([name = '', ...args]: readonly string[], options: SpawnSyncOptions) {
  return spawnSync(name, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', ...options });
}
