/** Names that lead wherever a test says, for a manager that runs as a process of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface InventedNames {
  /** For the process that is to believe in them. */
  readonly env: Readonly<Record<string, string>>;
  /** From the next look-up on. */
  lead(name: `${string}.test`, ...addresses: string[]): void;
  discard(): void;
}

export function inventNames(): InventedNames {
  const folder = mkdtempSync(join(tmpdir(), 'wxkf-names-'));
  const file = join(folder, 'names.json');
  const names: Record<string, readonly string[]> = {};
  const lead: InventedNames['lead'] = (name, ...addresses) => {
    names[name] = addresses;
    writeFileSync(file, JSON.stringify(names));
  };
  lead('nowhere.test');
  const preload = pathToFileURL(resolve('test/support/invented-lookup.ts'));
  return {
    env: { INVENTED_NAMES: file, NODE_OPTIONS: `--import ${preload.href}` },
    lead,
    discard: () => rmSync(folder, { recursive: true }),
  };
}
