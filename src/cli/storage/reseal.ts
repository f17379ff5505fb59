import { configOrExit } from '../../config/config-or-exit.js';
import { Sealer } from '../../crypto/sealer.js';
import type { ResealCounts, ResealReport } from '../../storage/records/records.js';
import { ResealRules } from '../../storage/store/resealing.js';
import { StoredSecrets } from '../../storage/store/stored-secrets.js';
import { CommandError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { withStorage } from './opened-storage.js';
import { Progress } from '../terminal/progress.js';
import { printSummary } from '../terminal/summary.js';

export interface ResealOptions {
  readonly plain?: boolean;
  readonly json?: boolean;
}

export async function reseal(options: ResealOptions): Promise<number> {
  const { plain: toPlain = false } = options;
  const config = configOrExit('command');
  const sealer = new Sealer(config.secretsKeys);
  if (!sealer.hasKeys && !toPlain) {
    throw new CommandError(
      'SECRETS_KEY is not set, so there is nothing to seal with; set it, or give --plain',
    );
  }
  const { summary, counts } = await withStorage(config, async (storage, stop) => {
    const progress = new ResealProgress(stop);
    const secrets = storage.get(StoredSecrets, { strict: false });
    await secrets.rewrite(new ResealRules(sealer, toPlain), progress);
    // Also when this run changed nothing: managers may have sealed registrations, and their plain text may be left in the store.
    if (!toPlain) await secrets.eraseOverwritten();
    return progress;
  });
  printSummary(options, summary, counts);
  return counts.cannotOpen > 0 ? EXIT_CODE.failed : EXIT_CODE.ok;
}

/** Counts, and reports progress. */
class ResealProgress implements ResealReport {
  readonly #progress = new Progress();
  #lookedAt = 0;
  #changed = 0;
  #cannotOpen = 0;

  constructor(private readonly stop: AbortSignal) {}

  get counts() {
    return { lookedAt: this.#lookedAt, changed: this.#changed, cannotOpen: this.#cannotOpen };
  }

  get summary(): string {
    return `${this.#lookedAt} record(s) looked at, ${this.#changed} changed, ${this.#cannotOpen} could not be opened`;
  }

  /** Call it between two batches. @throws Interrupted */
  add({ lookedAt = 0, changed = 0 }: Partial<ResealCounts>): void {
    this.#lookedAt += lookedAt;
    this.#changed += changed;
    this.#progress.tell(() => this.summary);
    this.stop.throwIfAborted();
  }

  cannotOpen(record: string, keyId: string): void {
    this.#cannotOpen++;
    this.#progress.name(`${record}: sealed with key ${keyId}, cannot be opened`);
  }
}
