import { configOrExit } from '../../config/config-or-exit.js';
import { backUpSqlite } from '../../storage/sqlite/sqlite-backup.js';
import { KnownSecrets } from '../check/known-secrets.js';
import { CommandError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { interruptible } from '../terminal/interruption.js';
import { printSummary } from '../terminal/summary.js';

export interface BackupOptions {
  readonly json?: boolean;
}

export async function backUp(file: string, options: BackupOptions): Promise<number> {
  const config = configOrExit('command');
  if (config.mongoUri !== undefined) {
    throw new CommandError(
      'MONGO_URI is set, and this copies the store of a DATA_DIR; use mongodump, as docs/operate.md says',
    );
  }
  const known = new KnownSecrets(config, null);
  const bytes = await interruptible((stop) => backUpSqlite(config, file, known, stop));
  const { puppets: registrations, apps, bots } = known;
  // Judged by the copy, since this shell may not have the manager's SECRETS_KEY.
  const isEmpty = registrations + apps + bots === 0;
  const sealed = known.readable === 0 && (!isEmpty || config.secretsKeys.length > 0);
  printSummary(
    options,
    `${file}: ${registrations} registration(s), ${apps} app(s), ${bots} bot(s); ${sealed ? SEALED : PLAIN}`,
    { file, bytes, registrations, apps, bots, sealed },
  );
  return EXIT_CODE.ok;
}

const SEALED = 'its secrets are sealed: keep SECRETS_KEY, without it they cannot be opened';
const PLAIN = 'its secrets are not sealed: whoever can read the file has them';
