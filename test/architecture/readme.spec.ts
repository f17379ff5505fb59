/** What the README says is true: settings, commands, links, routes; its table of folders is held by imports.spec. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SETTINGS } from '../../src/config/settings.js';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

const README = readFileSync('README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

const rowsUnder = (heading: string): string[][] => {
  const section = README.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
};

function defaultCell(setting: { default: string | null; defaultWhileOpen?: string }): string {
  const { default: always, defaultWhileOpen: open } = setting;
  const cell = always === null ? 'unset' : `\`${always}\``;
  return open === undefined ? cell : `${cell}; \`${open}\` while no role has a secret`;
}

it('lists every setting as the schema has it, and no other', () => {
  const expected = Object.values(SETTINGS).map(({ name, unit, secret, meaning, ...setting }) => [
    `\`${name}\``,
    unit,
    defaultCell(setting),
    secret ? 'yes' : 'no',
    meaning,
  ]);
  expect(rowsUnder('Settings')).toEqual(expected);
});

it('names only commands that there are', () => {
  const named = [...README.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = '']) => name);
  const known = [...Object.keys(scripts), 'ci'];
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

it('links only files that there are', () => {
  const linked = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path);
  expect(linked.filter((path) => !existsSync(path))).toEqual([]);
  expect(linked).not.toEqual([]);
});

describe('routes', () => {
  const manager = suiteManager(embeddedPlace);

  it.each(rowsUnder('Routes').map(([route = '']) => route.replaceAll('`', '')))(
    '%s is there',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const response = await fetch(manager.url + path.replaceAll(/:\w+/g, 'x'), { method });
      // It has no end.
      if (response.headers.get('content-type')?.startsWith('text/event-stream'))
        return response.body?.cancel();
      const text = await response.text();
      const { error } = text.startsWith('{') ? (JSON.parse(text) as { error?: unknown }) : {};
      expect(['ROUTE_NOT_FOUND', 'ROUTE_METHOD_NOT_ALLOWED']).not.toContain(error);
    },
  );
});
