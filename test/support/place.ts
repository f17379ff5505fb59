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
