/** docs/reference/configuration.md, from the schema of the settings. */
import { secretFileOf } from '../../src/config/secret-files.js';
import { SETTINGS } from '../../src/config/settings.js';
import { markdownTable } from './markdown-table.js';

type AnySetting = (typeof SETTINGS)[keyof typeof SETTINGS];

const INTRODUCTION = `# Configuration

Written by \`npm run generate\` from the schema in \`src/config/settings.ts\`.

Settings are environment variables, or lines of a file \`.env\` in the folder where the manager starts; the environment counts
more. An empty one counts as unset, also beside a line of that file. All mistakes are reported at once, by name with what was
expected, and end the manager with exit code 1; \`npx wxkf-manager check\` finds them before. What is set is logged at the start, secrets masked.

A misspelt name is ignored, except for those that protect something (such as \`AUTH_PUPPET_TOKENS\`), which are mistakes.`;

const SECRETS = `## From files

Each secret may come from a file instead, as containers mount them: the variable with \`_FILE\` names it, and blanks and line
breaks around what is in it do not count. Only one of the two may be set.`;

const OTHERS = `Beside these OpenTelemetry's own variables count, \`OTEL_EXPORTER_OTLP_ENDPOINT\` first of all:
[traces.md](traces.md) lists them.`;

export function configurationPage(): string {
  const settings: readonly AnySetting[] = Object.values(SETTINGS);
  const files = settings
    .filter(({ secret }) => secret)
    .map(({ name }) => [`\`${secretFileOf(name)}\``, `the file with \`${name}\``]);
  const head = ['name', 'unit', 'default', 'secret', 'meaning', 'expected'];
  return `${[
    INTRODUCTION,
    markdownTable(
      head,
      settings.map((setting) => [...settingCells(setting), setting.expected]),
    ),
    OTHERS,
    SECRETS,
    markdownTable(['name', 'meaning'], files),
  ].join('\n\n')}\n`;
}

/** Name, unit, default, secret, meaning. */
function settingCells(setting: AnySetting): readonly string[] {
  const { name, unit, secret, meaning } = setting;
  return [`\`${name}\``, unit, defaultCell(setting), secret ? 'yes' : 'no', meaning];
}

function defaultCell({ default: always, defaultWhileOpen: open }: AnySetting): string {
  const cell = always === null ? 'unset' : `\`${always}\``;
  return open === undefined ? cell : `${cell}; \`${open}\` while no role has a secret`;
}
