import { configOrExit } from '../config/config-or-exit.js';
import { Sealer } from '../crypto/sealer.js';
import { Resealing } from '../storage/sealed/resealing.js';
import { StoredSecrets } from '../storage/sealed/stored-secrets.js';
import type { Command } from './command.js';
import { openStorage } from './opened-storage.js';
import { ResealProgress } from './reseal-progress.js';

export const RESEAL: Command = {
  usage: 'reseal [--plain]',
  summary: 'seal all stored secrets with the first key of SECRETS_KEY',
  details: `Writes every secret in the store anew where it is plain, or sealed with another key than the first one of
SECRETS_KEY. It takes its settings from the environment and .env, as the manager does. With MongoDB managers may
run meanwhile; a DATA_DIR must not be in use. Safe to repeat and to break off.

  --plain   open all secrets instead, for a start without SECRETS_KEY or the way back to 1.0.3

Exit code 1: some secrets could not be opened, and are as they were.`,
  options: { plain: { type: 'boolean' } },
  run: ({ plain }) => reseal(plain === true),
};

async function reseal(toPlain: boolean): Promise<number> {
  const config = configOrExit();
  const sealer = new Sealer(config.secretsKeys);
  if (!sealer.hasKeys && !toPlain) {
    process.stderr.write(
      'SECRETS_KEY is not set, so there is nothing to seal with; set it, or give --plain\n',
    );
    return 1;
  }
  const progress = new ResealProgress();
  const storage = await openStorage(config);
  try {
    const secrets = storage.get(StoredSecrets, { strict: false });
    await secrets.rewrite(new Resealing(sealer, toPlain), progress);
    // Also where nothing changed now: registrations may have been sealed by and by.
    if (!toPlain) await secrets.eraseOverwritten();
  } finally {
    await storage.close();
  }
  process.stdout.write(`${progress.summary}\n`);
  return progress.hasFailures ? 1 : 0;
}
