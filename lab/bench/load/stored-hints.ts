/** Looks into the embedded store from outside, without the product's own code, which could be wrong twice. */
import { join } from 'node:path';
import { open } from 'lmdb';
import { dataDirOf, type Setting } from './programs.js';

export type Stored = {
  /** Write transactions since the store was made. */
  readonly commits: number;
  /** The signature of the event that waits, by kf account. */
  readonly signatures: ReadonlyMap<string, string>;
};

/** Its owner may be running. */
export function readStore(setting: Setting): Stored {
  const path = join(dataDirOf(setting), 'store.mdb');
  const root = open({ path, noSubdir: true, readOnly: true, maxDbs: 16 });
  try {
    const { lastTxnId } = root.getStats() as { lastTxnId: number };
    const hints = root.openDB<Buffer, string>({ name: 'hints', encoding: 'binary' });
    const signatures = new Map<string, string>();
    for (const { value } of hints.getRange()) {
      const { openKfId, event } = JSON.parse(value.toString());
      signatures.set(openKfId, event.raw.msgSignature);
    }
    return { commits: lastTxnId, signatures };
  } finally {
    root.close();
  }
}
