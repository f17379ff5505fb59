/** Looks into the embedded store from outside, without the product's own code, which could be wrong twice. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dataDirOf, type Setting } from './programs.js';

/** The signature of the event that waits, by kf account. Its owner may be running. */
export function readSignatures(setting: Setting): ReadonlyMap<string, string> {
  const database = new DatabaseSync(join(dataDirOf(setting), 'wxkf.db'), { readOnly: true });
  try {
    const rows = database.prepare('SELECT hint FROM hints').all();
    return new Map(
      rows.map(({ hint }) => {
        const { openKfId, event } = JSON.parse(String(hint));
        return [openKfId, event.raw.msgSignature];
      }),
    );
  } finally {
    database.close();
  }
}
