/** The console's dictionary. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { english } from '../src/i18n/english.js';

const SOURCE = 'packages/console/src';

/** Everything that may say a word, joined. */
function readers(): string {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
  const ours = files
    .filter((file) => /\.tsx?$/.test(file) && !/^i18n\/(en|zh)\//.test(file))
    .map((file) => readFileSync(join(SOURCE, file), 'utf8'));
  return [...ours, readFileSync('src/insight/words/cause-text.ts', 'utf8')].join('\n');
}

it('has no word that nothing says', () => {
  // Those of failures and errcodes are named by the manager.
  const { failures: _failures, errcodes: _errcodes, ...areas } = english;
  const said = new Set(readers().match(/\w+/g));
  const words = Object.entries(areas).flatMap(([area, texts]) =>
    Object.keys(texts).map((name) => ({ area, name })),
  );
  expect(words.length).toBeGreaterThan(200);
  expect(words.filter(({ name }) => !said.has(name))).toEqual([]);
});
