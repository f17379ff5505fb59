/** Every command by its name: what the help says of it, and where it begins. docs/cli.md shows each at work. */
import type { Command, Option } from './command.js';
import { GENERATED } from './keys/generated.js';

const JSON_OUTPUT: Option = { value: null, meaning: 'one JSON object on standard output instead of text' };

const SETTINGS_NOTE = 'It takes its settings from the environment and .env, as the manager does.';

const CHECK: Command = {
  usage: 'check',
  summary: 'whether settings, store, WeCom and the public callback URL are as they should be',
  details: `Looks at everything that a manager with these settings needs, changes nothing, and says of each what is
wrong and what to do. ${SETTINGS_NOTE}`,
  options: {
    'callback-url': {
      value: 'URL',
      meaning:
        'ask this public address to verify itself, as WeCom does: https://kf.example.com, or the whole URL with /callback/<corpId>',
    },
    json: JSON_OUTPUT,
  },
  examples: ['check', 'check --callback-url https://kf.example.com'],
  run: async (invocation) => (await import('./check/check.js')).check(invocation),
};

const EXPORT: Command = {
  usage: 'export',
  summary: 'write all registrations and apps to a file',
  details: `Writes who is registered and which apps were added, with their secrets, as JSON Lines: sealed with the first
key of SECRETS_KEY, or plain. Events that wait for a puppet are not exported. With MongoDB managers may run
meanwhile; a DATA_DIR must not be in use. ${SETTINGS_NOTE}`,
  options: {
    output: {
      value: 'FILE',
      meaning: 'where to; - for standard output, which is the default. A file is made for its owner alone',
    },
    plain: { value: null, meaning: 'with all secrets in the clear' },
    json: { value: null, meaning: 'the summary as one JSON object' },
  },
  examples: ['export --output registry.jsonl', 'export --plain > registry.jsonl'],
  run: async (invocation) => (await import('./registry/export-registry.js')).exportRegistry(invocation),
};

const IMPORT: Command = {
  usage: 'import',
  summary: 'put the registrations and apps of an exported file into the store',
  details: `Adds what is not registered here, leaves what is the same, and keeps what differs unless told otherwise. Each
line is taken whole or not at all, by the rules of a registration; all can be broken off and repeated. With
MongoDB managers may run meanwhile, and see what comes within seconds; a DATA_DIR must not be in use.
${SETTINGS_NOTE}`,
  options: {
    input: { value: 'FILE', meaning: 'where from; - for standard input, which is the default' },
    replace: { value: null, meaning: 'put the file’s in the place of what is registered otherwise' },
    'dry-run': {
      value: null,
      meaning: 'write nothing of the file, and count what would become of each line',
    },
    json: JSON_OUTPUT,
  },
  examples: [
    'import --input registry.jsonl --dry-run',
    'import --input registry.jsonl',
    'import < registry.jsonl',
  ],
  run: async (invocation) => (await import('./registry/import-registry.js')).importRegistry(invocation),
};

const RESEAL: Command = {
  usage: 'reseal',
  summary: 'seal all stored secrets with the first key of SECRETS_KEY',
  details: `Writes every secret in the store anew where it is plain, or sealed with another key than the first one of
SECRETS_KEY. With MongoDB managers may run meanwhile; a DATA_DIR must not be in use. Safe to repeat and to break
off. Exit code 1: some secrets could not be opened, and are as they were. ${SETTINGS_NOTE}`,
  options: {
    plain: {
      value: null,
      meaning: 'open all secrets instead, for a start without SECRETS_KEY or the way back to 1.0.3',
    },
    json: JSON_OUTPUT,
  },
  examples: ['reseal', 'reseal --plain'],
  run: async (invocation) => (await import('./reseal.js')).reseal(invocation),
};

const KEYS_GENERATE: Command = {
  usage: 'keys generate [NAME]',
  summary: 'make new secrets for the settings and for WeCom',
  details: `Prints new random values, in the form of .env, or adds them to a file. With a NAME that value alone:
${GENERATED.map(({ name }) => name).join(', ')}.`,
  options: {
    // Not env-file, which Node takes for itself wherever it stands.
    'add-to': {
      value: 'FILE',
      meaning:
        'add them to this file instead of printing them: what it has already stays, and it is for its owner alone',
    },
    json: JSON_OUTPUT,
  },
  examples: ['keys generate --add-to .env', 'keys generate secrets-key'],
  wordsMax: 1,
  run: async (invocation) => (await import('./keys/generate-keys.js')).generateKeys(invocation),
};

export const COMMANDS: Readonly<Record<string, Command>> = {
  check: CHECK,
  export: EXPORT,
  import: IMPORT,
  reseal: RESEAL,
  'keys generate': KEYS_GENERATE,
};
