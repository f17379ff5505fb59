import { StorageStartError } from '../../kernel/storage-start-error.js';

/** A store of 2.0.0, which this version would take for an empty one. @param setting names where a new store is made. */
export function oldStore(what: string, found: string, setting: string): StorageStartError {
  return new StorageStartError(
    `${what} of a version before 2.1.0 (${found}), which this version does not read; with that version run "wxkf-manager export --plain --output registry.jsonl", ${setting}, and with this version run "wxkf-manager import --input registry.jsonl" (docs/upgrade.md)`,
  );
}
