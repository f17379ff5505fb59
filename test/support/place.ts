import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where one test keeps its data: the variables that name it, and how to throw it away. */
export interface Place {
  readonly env: Readonly<Record<string, string>>;
  discard(): Promise<void>;
}

export function embeddedPlace(): Place {
  const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-test-'));
  return {
    env: { DATA_DIR: dataDir },
    discard: async () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

/** As `openssl rand -base64 32` makes it. */
export function newSecretsKey(): string {
  return randomBytes(32).toString('base64');
}

/** The same place, with its secrets sealed. */
export function sealedPlace(place: Place, SECRETS_KEY = newSecretsKey()): Place {
  return { ...place, env: { ...place.env, SECRETS_KEY } };
}
