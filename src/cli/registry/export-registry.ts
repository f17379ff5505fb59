import { configOrExit } from '../../config/config-or-exit.js';
import { Sealer } from '../../crypto/sealer.js';
import type { Puppet } from '../../registry/puppet.js';
import { PuppetRepository } from '../../registry/puppet.repository.js';
import { CommandError, type Invocation } from '../command.js';
import { EXIT_CODE } from '../exit-code.js';
import { withStorage } from '../opened-storage.js';
import { Progress } from '../progress.js';
import { printSummary } from '../summary.js';
import { writeTo } from './export-target.js';
import { endLine, headerLine, registrationLine } from './file-format.js';

const PLAIN_WARNING =
  'what is exported has all secrets in the clear; keep it as you would keep them, and remove it after use\n';

export async function exportRegistry({ values }: Invocation): Promise<number> {
  const target = String(values.output ?? '-');
  const config = configOrExit();
  const sealer = values.plain === true ? null : new Sealer(config.secretsKeys);
  if (sealer?.hasKeys === false) {
    throw new CommandError(
      'SECRETS_KEY is not set, so there is nothing to seal with; set it, or give --plain',
    );
  }
  if (sealer === null) process.stderr.write(PLAIN_WARNING);
  const exporting = await withStorage(config, async (storage, stop) => {
    const exporting = new Export(storage.get(PuppetRepository, { strict: false }), sealer, stop);
    await writeTo(target, exporting.texts());
    return exporting;
  });
  printSummary(
    values,
    exporting.summary,
    { ...exporting.counts, secrets: sealer === null ? 'plain' : 'sealed', output: target },
    target === '-' ? process.stderr : process.stdout,
  );
  return exporting.counts.leftOut > 0 ? EXIT_CODE.failed : EXIT_CODE.ok;
}

/** All registrations, as the lines of a file. What nothing can be delivered by is left out and named. */
class Export {
  #exported = 0;
  #leftOut = 0;
  readonly #progress = new Progress();

  constructor(
    private readonly repository: PuppetRepository,
    private readonly sealer: Sealer | null,
    private readonly stop: AbortSignal,
  ) {}

  get counts() {
    return { exported: this.#exported, leftOut: this.#leftOut };
  }

  get summary(): string {
    return `${this.#exported} registration(s) exported, ${this.#leftOut} left out`;
  }

  /** In pieces of many lines, none kept after it was given. @throws StorageStartError, AppError, Interrupted */
  async *texts(): AsyncGenerator<string> {
    yield headerLine(this.sealer);
    for await (const puppets of this.repository.load()) {
      yield puppets.map((puppet) => this.#lineOf(puppet)).join('');
      this.#progress.tell(() => this.summary);
      this.stop.throwIfAborted();
    }
    yield endLine(this.#exported);
  }

  #lineOf(puppet: Puppet): string {
    const missing = missingIn(puppet);
    if (missing.length > 0) {
      this.#leftOut++;
      this.#progress.name(`${puppet.openKfId}: left out, since its ${missing.join(', ')} are not known`);
      return '';
    }
    this.#exported++;
    return registrationLine(puppet, this.sealer);
  }
}

/** Where another version left a record without them, or they do not open. */
function missingIn({ endpoint, corpSecret, callbackToken, encodingAESKey }: Puppet): string[] {
  const texts = {
    endpoint,
    corpSecret: corpSecret.reveal(),
    token: callbackToken.reveal(),
    encodingAESKey: encodingAESKey.reveal(),
  };
  return Object.entries(texts)
    .filter(([, text]) => text === '')
    .map(([name]) => name);
}
