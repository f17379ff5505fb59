/** docs/reference/cli.md says of the commands what they say of themselves. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { EXIT_CODE } from '../../src/cli/exit-code.js';
import { GENERATED } from '../../src/cli/keys/generated.js';
import { COMMANDS } from '../support/cli-commands.js';

const DOCS = readFileSync('docs/reference/cli.md', 'utf8');

const sectionOf = (name: string): string => DOCS.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';

it('has a section for each command, and no other', () => {
  const headings = [...DOCS.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([...COMMANDS.keys()]);
});

it.each([...COMMANDS])('lists the options of %s as its help does', (name, { options }) => {
  const rows = [...sectionOf(name).matchAll(/^\| `(--.+?)` \| (.+) \|$/gm)].map(([, flag, meaning]) => [
    flag,
    // What stands in angle brackets would be taken for HTML.
    meaning?.replaceAll('\\<', '<'),
  ]);
  expect(rows).toEqual(options.map(({ flags, description }) => [flags, description]));
});

it('shows each command at work', () => {
  for (const name of COMMANDS.keys()) expect(sectionOf(name)).toContain(`$ npx wxkf-manager ${name}`);
});

it('names every value that can be generated, and every exit code', () => {
  for (const { name, label } of GENERATED) {
    expect(sectionOf('keys generate')).toContain(`\`${name}\``);
    expect(sectionOf('keys generate')).toContain(label);
  }
  for (const code of Object.values(EXIT_CODE))
    expect(DOCS).toMatch(new RegExp(`(\\| ${code} \\||\\b${code} by)`));
});
