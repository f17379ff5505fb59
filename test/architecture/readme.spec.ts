/** What the README says of settings and routes is true; test/docs looks at all pages, imports.spec at the table of folders. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { settingCells } from '../../scripts/docs/configuration-page.js';
import { SETTINGS } from '../../src/config/settings.js';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

const README = readFileSync('README.md', 'utf8');

const rowsUnder = (heading: string): string[][] => {
  const section = README.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
};

it('says of the settings that it lists what the schema says', () => {
  const all = Object.values(SETTINGS).map((setting) => settingCells(setting));
  const listed = rowsUnder('Settings');
  expect(listed.length).toBeGreaterThan(5);
  expect(all).toEqual(expect.arrayContaining(listed));
});

describe('routes', () => {
  const manager = suiteManager(embeddedPlace);

  it.each(rowsUnder('Routes').map(([route = '']) => route.replaceAll('`', '')))(
    '%s is there',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      // Below it there is what has a name, and nothing else.
      const one = path === '/docs/*' ? '/docs/start.js' : path.replaceAll(/:\w+/g, 'x');
      const response = await fetch(manager.url + one, { method });
      const isJson = response.headers.get('content-type')?.startsWith('application/json');
      const { error } = isJson ? ((await response.json()) as { error?: unknown }) : {};
      // A stream would not end by itself.
      if (!isJson) await response.body?.cancel();
      expect(['ROUTE_NOT_FOUND', 'ROUTE_METHOD_NOT_ALLOWED']).not.toContain(error);
    },
  );
});
