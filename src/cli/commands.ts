/** Every command with its help and its entry. docs/reference/cli.md shows examples. */
import { Argument, Command, InvalidArgumentError } from 'commander';
import { VERSION } from '../kernel/version.js';
import type { BackupOptions } from './storage/backup.js';
import type { CheckOptions } from './check/check.js';
import { addConnect } from './connect/command.js';
import { endOnClosedOutput, endOnSignals } from './terminal/interruption.js';
import type { GenerateOptions } from './keys/generate-keys.js';
import { GENERATED } from './keys/generated.js';
import { addOperators } from './operators/commands.js';
import { examples, NAME } from './terminal/help.js';
import { JSON_OUTPUT } from './terminal/summary.js';
import { addPrograms } from './programs.js';
import type { ExportOptions } from './registry/export-registry.js';
import type { ImportOptions } from './registry/import-registry.js';
import type { ResealOptions } from './storage/reseal.js';

export const HINT = '(add --help for additional information)';

const EXIT_CODES = `
Exit codes: 0 all went well, 1 something failed, 2 a mistake in the command line,
130 interrupted by Ctrl-C, 143 by SIGTERM, 141 the reader of the output has closed it.`;

const SETTINGS_NOTE = 'It takes its settings from the environment and .env, as the manager does.';

/** A command loads what it needs when it runs. */
export function createProgram(): Command {
  const program = new Command(NAME)
    .version(VERSION)
    .enablePositionalOptions()
    .showHelpAfterError(HINT)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(withoutValue(text)) })
    .addHelpText('after', EXIT_CODES);
  addPrograms(program);
  addConnect(program, ending);
  addCheck(program);
  addOperators(program, ending);
  addBackup(program);
  addExport(program);
  addImport(program);
  addReseal(program);
  addKeysGenerate(program.command('keys').description('make new secrets: keys generate'));
  return program;
}

function addCheck(program: Command): void {
  program
    .command('check')
    .summary('whether settings, store, WeCom and the public callback URL are as they should be')
    .description(
      `Looks at everything that a manager with these settings needs, changes nothing, and says of each what is wrong and what to do. It may run beside a manager. ${SETTINGS_NOTE}`,
    )
    .option(
      '--callback-url <URL>',
      'ask this public address to verify itself, as WeCom does: https://kf.example.com, or the whole URL with /callback/<corpId>',
    )
    .option(...JSON_OUTPUT)
    .addHelpText('after', examples('check', 'check --callback-url https://kf.example.com'))
    .action(ending(async (options: CheckOptions) => (await import('./check/check.js')).check(options)));
}

function addBackup(program: Command): void {
  program
    .command('backup')
    .summary('copy the embedded store to a file, also while a manager uses it')
    .description(
      `Copies all that is in DATA_DIR as it is at one moment, reads the copy once, and then puts it in the place of FILE in one step. Only its owner can read it. Secrets are as they are in the store: sealed with SECRETS_KEY, or in the clear. ${SETTINGS_NOTE}`,
    )
    .argument('<FILE>', 'where to; in DATA_DIR its name has to begin with backup', toFile)
    .option('--json', 'the summary as one JSON object')
    .addHelpText('after', examples('backup backup.db'))
    .action(
      ending(async (file: string, options: BackupOptions) =>
        (await import('./storage/backup.js')).backUp(file, options),
      ),
    );
}

function addExport(program: Command): void {
  program
    .command('export')
    .summary('write all registrations, apps and bots to a file')
    .description(
      `Writes who is registered and which apps and bots were added, with their secrets, as JSON Lines: sealed with the first key of SECRETS_KEY, or plain. Events that wait for a puppet, messages and operators are not exported. With MongoDB managers may run meanwhile; a DATA_DIR must not be in use. ${SETTINGS_NOTE}`,
    )
    .option(
      '--output <FILE>',
      'where to; - for standard output. A file is made for its owner alone',
      toFile,
      '-',
    )
    .option('--plain', 'with all secrets in the clear')
    .option('--json', 'the summary as one JSON object')
    .addHelpText('after', examples('export --output registry.jsonl', 'export --plain > registry.jsonl'))
    .action(
      ending(async (options: ExportOptions) =>
        (await import('./registry/export-registry.js')).exportRegistry(options),
      ),
    );
}

function addImport(program: Command): void {
  program
    .command('import')
    .summary('put the registrations, apps and bots of an exported file into the store')
    .description(
      `Adds registrations, apps and bots that are not in the store. One that is in the store and differs stays as it is, unless --replace is given. Each line is judged by the rules of a registration, and written whole or not at all. The import can be interrupted and repeated. With MongoDB managers may run meanwhile, and see the changes within seconds; a DATA_DIR must not be in use. ${SETTINGS_NOTE}`,
    )
    .option('--input <FILE>', 'where from; - for standard input', toFile, '-')
    .option('--replace', 'replace registrations, apps and bots of the store that differ from the file')
    .option('--dry-run', 'write nothing, and count what would happen to each line')
    .option(...JSON_OUTPUT)
    .addHelpText(
      'after',
      examples(
        'import --input registry.jsonl --dry-run',
        'import --input registry.jsonl',
        'import < registry.jsonl',
      ),
    )
    .action(
      ending(async (options: ImportOptions) =>
        (await import('./registry/import-registry.js')).importRegistry(options),
      ),
    );
}

function addReseal(program: Command): void {
  program
    .command('reseal')
    .summary('seal all stored secrets with the first key of SECRETS_KEY')
    .description(
      `Seals every secret in the store that is plain, or sealed with another key than the first one of SECRETS_KEY. With MongoDB managers may run meanwhile; a DATA_DIR must not be in use. Safe to repeat and to interrupt. Exit code 1: some secrets could not be opened, and are as they were. ${SETTINGS_NOTE}`,
    )
    .option('--plain', 'open all secrets instead, for a start without SECRETS_KEY or the way back to 1.0.3')
    .option(...JSON_OUTPUT)
    .addHelpText('after', examples('reseal', 'reseal --plain'))
    .action(ending(async (options: ResealOptions) => (await import('./storage/reseal.js')).reseal(options)));
}

function addKeysGenerate(keys: Command): void {
  const names = GENERATED.map(({ name }) => name);
  keys
    .command('generate')
    .summary('make new secrets for the settings and for WeCom')
    .description('Prints new random values, in the form of .env, or adds those of settings to a file.')
    .addArgument(new Argument('[NAME]', 'make this value alone').choices(names))
    // Not --env-file: Node takes that option itself, wherever it stands.
    .option(
      '--add-to <FILE>',
      'add the settings to this file instead of printing them: those that it has already stay, and only its owner can read it',
      toFile,
    )
    .option(...JSON_OUTPUT)
    .addHelpText('after', examples('keys generate --add-to .env', 'keys generate secrets-key'))
    .action(
      ending(async (name: string | undefined, options: GenerateOptions) =>
        (await import('./keys/generate-keys.js')).generateKeys(name, options),
      ),
    );
}

/** @param work returns the exit code; signals interrupt it. */
function ending<A extends unknown[]>(work: (...args: A) => Promise<number>) {
  return async (...args: A): Promise<void> => {
    endOnSignals();
    endOnClosedOutput();
    process.exit(await work(...args));
  };
}

/** A URL with a user or a query, in which programs are given a bot's key; a bot's key; an operator's token. */
const MAY_BE_SECRET = /[@?]|wx(?:kf|op)_/;

/** Does not repeat the value of an unknown option, which may be a secret, nor another value that looks like a secret. */
function withoutValue(error: string): string {
  return error
    .replace(/^(error: unknown option '[^=]*)=.*'/s, "$1'")
    .replace(/ (argument|value) '(.*)' is invalid/s, (whole, what: string, value: string) =>
      MAY_BE_SECRET.test(value) ? ` ${what} '***' is invalid` : whole,
    );
}

/** Commander takes whatever follows an option as its value, even if the value was forgotten. */
function toFile(name: string): string {
  if (name.startsWith('--')) throw new InvalidArgumentError('It is an option; name a file.');
  return name;
}
