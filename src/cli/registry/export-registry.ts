import { configOrExit } from '../../config/config-or-exit.js';
import { Sealer } from '../../crypto/sealer.js';
import { type App, APPS, hasSecrets } from '../../registry/apps/app.js';
import { isOpen } from '../../registry/bots/bot.js';
import { BOTS, readBot, type StoredBot } from '../../registry/bots/stored-bot.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { RecordStore } from '../../storage/records/records.js';
import { CommandError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { withStorage } from '../storage/opened-storage.js';
import { Progress } from '../terminal/progress.js';
import { printSummary } from '../terminal/summary.js';
import { writeTo } from './export-target.js';
import { appEntry, botEntry, endLine, headerLine, registrationLine } from './file-format.js';

const PLAIN_WARNING =
  'what is exported has all secrets in the clear; protect it like the secrets themselves, and delete it after use\n';

export interface ExportOptions {
  /** `-` for standard output. */
  readonly output: string;
  readonly plain?: boolean;
  readonly json?: boolean;
}

export async function exportRegistry(options: ExportOptions): Promise<number> {
  const { output: target, plain = false } = options;
  const config = configOrExit('command');
  const sealer = plain ? null : new Sealer(config.secretsKeys);
  if (sealer?.hasKeys === false) {
    throw new CommandError(
      'SECRETS_KEY is not set, so there is nothing to seal with; set it, or give --plain',
    );
  }
  if (sealer === null) process.stderr.write(PLAIN_WARNING);
  const exporting = await withStorage(config, async (storage, stop) => {
    const puppets = storage.get(PuppetRepository, { strict: false });
    const records = storage.get(RecordStore, { strict: false });
    const exporting = new Export(puppets, records, sealer, stop);
    await writeTo(target, exporting.texts());
    return exporting;
  });
  printSummary(
    options,
    exporting.summary,
    { ...exporting.counts, secrets: sealer === null ? 'plain' : 'sealed', output: target },
    target === '-' ? process.stderr : process.stdout,
  );
  return exporting.counts.leftOut > 0 ? EXIT_CODE.failed : EXIT_CODE.ok;
}

/** All registrations, apps and bots as lines of a file. Unusable records are left out and named. */
class Export {
  #exported = 0;
  #apps = 0;
  #bots = 0;
  #leftOut = 0;
  readonly #progress = new Progress();

  constructor(
    private readonly repository: PuppetRepository,
    private readonly records: RecordStore,
    private readonly sealer: Sealer | null,
    private readonly stop: AbortSignal,
  ) {}

  get counts() {
    return { exported: this.#exported, apps: this.#apps, bots: this.#bots, leftOut: this.#leftOut };
  }

  get summary(): string {
    const apps = this.#apps > 0 ? ` and ${this.#apps} app(s)` : '';
    const bots = this.#bots > 0 ? ` and ${this.#bots} bot(s)` : '';
    return `${this.#exported} registration(s)${apps}${bots} exported, ${this.#leftOut} left out`;
  }

  /** Yields chunks of many lines and keeps none of them. @throws StorageStartError, AppError, Interrupted */
  async *texts(): AsyncGenerator<string> {
    yield headerLine(this.sealer);
    for await (const puppets of this.repository.load()) {
      yield puppets.map((puppet) => this.#lineOf(puppet)).join('');
      this.#progress.tell(() => this.summary);
      this.stop.throwIfAborted();
    }
    yield (await this.records.of(APPS).load()).map((app) => this.#lineOfApp(app)).join('');
    yield (await this.records.of(BOTS).load()).map((bot) => this.#lineOfBot(bot)).join('');
    yield endLine({ registrations: this.#exported, apps: this.#apps, bots: this.#bots });
  }

  #lineOf(puppet: Puppet): string {
    const missing = missingIn(puppet);
    if (missing.length > 0) return this.#leaveOut(puppet.openKfId, missing);
    this.#exported++;
    return registrationLine(puppet, this.sealer);
  }

  #lineOfApp(app: App): string {
    if (!hasSecrets(app)) return this.#leaveOut(`app ${app.id}`, ['token', 'encodingAESKey']);
    this.#apps++;
    return appEntry(app, this.sealer);
  }

  #lineOfBot(bot: StoredBot): string {
    if (!isOpen(readBot(bot))) return this.#leaveOut(`bot ${bot.id}`, ['secrets']);
    this.#bots++;
    return botEntry(bot, this.sealer);
  }

  #leaveOut(what: string, missing: readonly string[]): string {
    this.#leftOut++;
    this.#progress.name(`${what}: left out, since its ${missing.join(', ')} are not known`);
    return '';
  }
}

/** The fields without a value: another version left them out, or they cannot be opened. */
function missingIn({ endpoint, corpSecret, callbackToken, encodingAESKey }: Puppet): string[] {
  const [token, key] = [callbackToken.reveal(), encodingAESKey.reveal()];
  const secret = corpSecret.reveal();
  // A puppet may register without token and encodingAESKey. If corpSecret is missing, too, they could not be opened.
  const isKeyless = token === '' && key === '' && secret !== '';
  const texts = { endpoint, corpSecret: secret, ...(!isKeyless && { token, encodingAESKey: key }) };
  return Object.entries(texts)
    .filter(([, text]) => text === '')
    .map(([name]) => name);
}
