import type { Config } from '../../config/config.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { inspectStore } from '../../storage/inspect-store.js';
import { oldSqlite, SQLITE_VERSION_MIN } from '../../storage/sqlite/sqlite-version.js';
import type { StoreInspection } from '../../storage/store/store-inspection.js';
import { type Finding, failed, ok, warning } from './finding.js';
import type { KnownSecrets } from './known-secrets.js';

/** A larger difference is not due to the network. */
const CLOCK_OFF_MS = 5_000;

/** @param known collects every registration and app. */
export async function* checkStore(config: Config, known: KnownSecrets): AsyncGenerator<Finding> {
  let store: StoreInspection;
  try {
    store = await inspectStore(config, known);
  } catch (error) {
    if (!(error instanceof StorageStartError)) throw error;
    yield failed('store', error.message);
    return;
  }
  yield ok('store', describe(store, config, known));
  const sqlite = store.kind === 'embedded' ? oldSqlite() : null;
  if (sqlite !== null) yield oldEngine(sqlite);
  if (store.clockAheadMs !== null) yield judgeClock(store.clockAheadMs);
  yield judgeSecrets(config, known);
}

function describe({ kind, state }: StoreInspection, { dataDir }: Config, known: KnownSecrets): string {
  const name = kind === 'mongodb' ? 'the database of MONGO_URI' : `DATA_DIR ${dataDir}`;
  if (state === 'new') return `${name} can be used, and is empty`;
  const apps = known.apps > 0 ? `, ${known.apps} app(s)` : '';
  const bots = known.bots > 0 ? `, ${known.bots} bot(s)` : '';
  return `${name} can be used; ${known.puppets} registration(s), ${known.online} online${apps}${bots}`;
}

function oldEngine(sqlite: string): Finding {
  return warning(
    'store',
    `SQLite ${sqlite} of this Node may damage DATA_DIR, by a bug that ${SQLITE_VERSION_MIN} mended; install Node 24.15 or later`,
  );
}

function judgeClock(aheadMs: number): Finding {
  const seconds = `${(Math.abs(aheadMs) / 1_000).toFixed(1)} s`;
  if (Math.abs(aheadMs) < CLOCK_OFF_MS) return ok('clock', `${seconds} from the database server's`);
  return warning(
    'clock',
    `this machine's is ${seconds} ${aheadMs > 0 ? 'behind' : 'ahead of'} the database server's, whose time managers use; have both set by NTP`,
  );
}

function judgeSecrets({ secretsKeys }: Config, known: KnownSecrets): Finding {
  const { puppets, apps, bots, plain, damaged, missingKeys } = known;
  const others = [...(apps > 0 ? ['app(s)'] : []), ...(bots > 0 ? ['bot(s)'] : [])];
  const those = ['registration(s)', ...others].join(' and ');
  const all = puppets + apps + bots;
  if (missingKeys.size > 0) {
    const keys = [...missingKeys].map(([id, count]) => `key ${id} (${count} ${those})`).join(', ');
    return failed(
      'secrets',
      `SECRETS_KEY does not have ${keys}; add it, behind the new one where there is one`,
    );
  }
  if (damaged > 0) {
    const reason =
      'changed or moved by someone else; let their puppets register again, or add the apps and bots again';
    return warning('secrets', `those of ${damaged} ${those} do not open, ${reason}`);
  }
  if (plain > 0) {
    return warning('secrets', `those of ${plain} ${those} are stored plain; reseal seals them`);
  }
  const how =
    secretsKeys.length === 0
      ? 'are stored as they are, since SECRETS_KEY is not set'
      : 'open with SECRETS_KEY';
  return ok('secrets', all === 0 ? 'none are stored' : `those of ${all} ${those} ${how}`);
}
