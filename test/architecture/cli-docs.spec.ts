/** docs/reference/cli.md says of the commands what they say of themselves; its Chinese page has the same names. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { EXIT_CODE } from '../../src/cli/terminal/exit-code.js';
import { GENERATED } from '../../src/cli/keys/generated.js';
import { COMMANDS } from '../support/cli-commands.js';

const ENGLISH = readFileSync('docs/reference/cli.md', 'utf8');
const CHINESE = readFileSync('docs/zh/reference/cli.md', 'utf8');

const sectionOf = (page: string, name: string): string =>
  page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';

/** Options with their meanings. */
const optionsOf = (page: string, name: string): string[][] =>
  [...sectionOf(page, name).matchAll(/^\| `(--.+?)` \| (.+) \|$/gm)].map(([, flag = '', meaning = '']) => [
    flag,
    // What stands in angle brackets would be taken for HTML.
    meaning.replaceAll('\\<', '<'),
  ]);

describe.each([
  ['docs/reference/cli.md', ENGLISH],
  ['docs/zh/reference/cli.md', CHINESE],
])('%s', (_path, page) => {
  it('has a section for each command, and no other', () => {
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([...COMMANDS.keys()]);
  });

  it.each([...COMMANDS])('lists the options of %s', (name, { options }) => {
    expect(optionsOf(page, name).map(([flag]) => flag)).toEqual(options.map(({ flags }) => flags));
  });

  it('shows each command at work', () => {
    for (const name of COMMANDS.keys()) expect(sectionOf(page, name)).toContain(`$ npx wxkf-manager ${name}`);
  });

  it('names every value that can be generated, and every exit code', () => {
    for (const { name, label } of GENERATED) {
      expect(sectionOf(page, 'keys generate')).toContain(`\`${name}\``);
      expect(sectionOf(page, 'keys generate')).toContain(label);
    }
    for (const code of Object.values(EXIT_CODE))
      expect(page).toMatch(new RegExp(`(\\| ${code} \\||\\b${code} by|为 ${code}）)`));
  });
});

it.each([...COMMANDS])('the options of %s mean what its help says', (name, { options }) => {
  expect(optionsOf(ENGLISH, name).map(([, meaning]) => meaning)).toEqual(
    options.map(({ description }) => description),
  );
});
