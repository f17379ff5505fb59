/** docs/reference/configuration.md and its Chinese page, from the schema of the settings. */
import { secretFileOf } from '../../src/config/secret-files.js';
import { SETTINGS, type Settings } from '../../src/config/settings.js';
import { markdownTable } from './markdown-table.js';

type AnySetting = Settings[keyof Settings];

/** What the page says in one language. Names and values are passed in as code. */
export interface ConfigurationWords {
  readonly introduction: string;
  readonly head: readonly string[];
  readonly meaningOf: (key: keyof Settings) => string;
  readonly unitOf: (unit: string) => string;
  readonly expectedOf: (expected: string) => string;
  readonly yes: string;
  readonly no: string;
  readonly unset: string;
  /** The default, and the one while no role has a secret. */
  readonly twoDefaults: (always: string, whileOpen: string) => string;
  readonly others: string;
  readonly secrets: string;
  readonly filesHead: readonly string[];
  readonly fileWith: (name: string) => string;
}

const INTRODUCTION = `# Configuration

English | [简体中文](../zh/reference/configuration.md)

Written by \`npm run generate\` from the schema in \`src/config/settings.ts\`.

Settings are environment variables, or lines of a file \`.env\` in the folder where the manager starts; the environment counts
more. An empty one counts as unset, also beside a line of that file. All mistakes are reported at once, by name with what was
expected, and end the manager with exit code 1; \`npx wxkf-manager check\` finds them before. What is set is logged at the start, secrets masked.

A misspelt name is a mistake, too: one within two letters of a setting (one letter for \`PORT\` and \`HOST\`), and one that is no
setting and begins with \`AUTH_\` or \`OIDC_\`. The message names the right one. Names that Kubernetes makes for a Service, and
names of other programs, such as \`PORT0\` and \`FTP_PROXY\`, are left alone.`;

const SECRETS = `## From files

Each secret may come from a file instead, as containers mount them: the variable with \`_FILE\` names it, and blanks and line
breaks around what is in it do not count. Only one of the two may be set.`;

const OTHERS = `Beside these OpenTelemetry's own variables count, \`OTEL_EXPORTER_OTLP_ENDPOINT\` first of all:
[traces.md](traces.md) lists them.`;

export const ENGLISH_CONFIGURATION: ConfigurationWords = {
  introduction: INTRODUCTION,
  head: ['name', 'unit', 'default', 'secret', 'meaning', 'expected'],
  meaningOf: (key) => SETTINGS[key].meaning,
  unitOf: (unit) => unit,
  expectedOf: (expected) => expected,
  yes: 'yes',
  no: 'no',
  unset: 'unset',
  twoDefaults: (always, whileOpen) => `${always}; ${whileOpen} while no role has a secret`,
  others: OTHERS,
  secrets: SECRETS,
  filesHead: ['name', 'meaning'],
  fileWith: (name) => `the file with ${name}`,
};

export function configurationPage(words: ConfigurationWords): string {
  const keys = Object.keys(SETTINGS) as (keyof Settings)[];
  const files = keys
    .map((key) => SETTINGS[key])
    .filter(({ secret }) => secret)
    .map(({ name }) => [`\`${secretFileOf(name)}\``, words.fileWith(`\`${name}\``)]);
  return `${[
    words.introduction,
    markdownTable(
      words.head,
      keys.map((key) => cellsOf(key, words)),
    ),
    words.others,
    words.secrets,
    markdownTable(words.filesHead, files),
  ].join('\n\n')}\n`;
}

/** Name, unit, default, secret, meaning, expected. */
function cellsOf(key: keyof Settings, words: ConfigurationWords): readonly string[] {
  const setting: AnySetting = SETTINGS[key];
  return [
    `\`${setting.name}\``,
    words.unitOf(setting.unit),
    defaultCell(setting, words),
    setting.secret ? words.yes : words.no,
    words.meaningOf(key),
    words.expectedOf(setting.expected),
  ];
}

function defaultCell(
  { default: always, defaultWhileOpen: open }: AnySetting,
  words: ConfigurationWords,
): string {
  const cell = always === null ? words.unset : `\`${always}\``;
  return open === undefined ? cell : words.twoDefaults(cell, `\`${open}\``);
}
