import { spawnSync } from 'node:child_process';

export const PYTHON = 'python3';

/**
 * Whether there is a Python that runs this line.
 * @throws in CI, which must not see a green run that left out what needs it.
 */
export function hasPython(line: string): boolean {
  const has = spawnSync(PYTHON, ['-c', line]).status === 0;
  if (!has && process.env.CI) throw new Error(`no python3 that runs "${line}"; bash .ci/prepare python`);
  return has;
}
