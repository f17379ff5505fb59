/** Looks into the embedded store from outside, without the product's own code, which could be wrong twice. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dataDirOf, type Setting } from './programs.js';

/** The signature of the event that waits, by kf account. Its owner may be running. */
export function readSignatures(setting: Setting): ReadonlyMap<string, string> {
  const database = new DatabaseSync(join(dataDirOf(setting), 'wxkf.db'), { readOnly: true });
  try {
    const rows = database.prepare("SELECT open_kf_id, details FROM lines WHERE kind = 'event'").all();
    return new Map(
      rows.map(({ open_kf_id, details }) => [
        String(open_kf_id),
        JSON.parse(String(details)).raw.msgSignature,
      ]),
    );
  } finally {
    database.close();
  }
}
