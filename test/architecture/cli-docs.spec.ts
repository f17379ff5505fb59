/** docs/cli.md says of the commands what they say of themselves. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { COMMANDS } from '../../src/cli/commands.js';
import { EXIT_CODE } from '../../src/cli/exit-code.js';
import { PROGRAMS } from '../../src/cli/programs.js';
import { GENERATED } from '../../src/cli/keys/generated.js';

const ALL = { ...PROGRAMS, ...COMMANDS };
const DOCS = readFileSync('docs/cli.md', 'utf8');

const sectionOf = (name: string): string => DOCS.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';

it('has a section for each command, and no other', () => {
  const headings = [...DOCS.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(Object.keys(ALL));
});

it.each(Object.entries(ALL))('lists the options of %s as its help does', (name, { options }) => {
  const rows = [...sectionOf(name).matchAll(/^\| `(--.+?)` \| (.+) \|$/gm)].map(([, flag, meaning]) => [
    flag,
    meaning,
  ]);
  const expected = Object.entries(options).map(([option, { value, meaning }]) => [
    `--${option}${value === null ? '' : ` ${value}`}`,
    meaning,
  ]);
  expect(rows).toEqual(expected);
});

it('shows each command at work', () => {
  for (const name of Object.keys(ALL)) expect(sectionOf(name)).toContain(`$ npx wxkf-manager ${name}`);
});

it('names every value that can be generated, and every exit code', () => {
  for (const { name, label } of GENERATED) {
    expect(sectionOf('keys generate')).toContain(`\`${name}\``);
    expect(sectionOf('keys generate')).toContain(label);
  }
  for (const code of Object.values(EXIT_CODE))
    expect(DOCS).toMatch(new RegExp(`(\\| ${code} \\||\\b${code} by)`));
});
