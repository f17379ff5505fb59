import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Config } from '../../config/config.js';
import { configOrExit } from '../../config/config-or-exit.js';
import { Sealer } from '../../crypto/sealer.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { RecordStore } from '../../storage/records/records.js';
import { CommandError, UsageError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { withStorage } from '../storage/opened-storage.js';
import { printSummary } from '../terminal/summary.js';
import { readHeader } from './file-format.js';
import { Import } from './import.js';
import { AppImport } from './import-apps.js';
import { BotImport } from './import-bots.js';
import { readLines } from './read-lines.js';
import type { WhatToChange } from './what-to-change.js';

export interface ImportOptions {
  /** `-` for standard input. */
  readonly input: string;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function importRegistry(options: ImportOptions): Promise<number> {
  const config = configOrExit('command');
  const { input: source, replace = false, dryRun = false } = options;
  try {
    const { summary, counts } = await importFrom(openSource(source), config, {
      mayReplace: replace,
      isTrial: dryRun,
    });
    printSummary(options, summary, { ...counts, dryRun });
    return counts.failed > 0 ? EXIT_CODE.failed : EXIT_CODE.ok;
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new CommandError(`${source} cannot be read (${errorCodeOf(error)})`);
  }
}

function openSource(source: string): Readable {
  if (source !== '-') return createReadStream(source);
  if (process.stdin.isTTY) throw new UsageError('give --input FILE, or a file on standard input');
  return process.stdin;
}

/** The first line decides whether the store is opened at all. */
async function importFrom(source: Readable, config: Config, what: WhatToChange): Promise<Import> {
  const lines = readLines(source);
  const sealer = new Sealer(config.secretsKeys);
  const first = await lines.next();
  const header = readHeader(first.done ? null : first.value.bytes, sealer);
  return withStorage(config, async (storage, stop) => {
    stop.addEventListener('abort', () => source.destroy(stop.reason));
    const repository = storage.get(PuppetRepository, { strict: false });
    const records = storage.get(RecordStore, { strict: false });
    const apps = await AppImport.open(records, what);
    const bots = await BotImport.open(records, what);
    const importing = new Import(repository, apps, bots, new EndpointPolicy(config), what, stop);
    await importing.run(lines, header, sealer);
    return importing;
  });
}
