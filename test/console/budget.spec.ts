/** How much a browser loads for the console. */
import { readdirSync, statSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const ASSETS = 'dist/console/public/assets';
const COMPRESSED_BYTES_MAX = 150_000;

it('is at most 150 kB of compressed script', () => {
  const scripts = readdirSync(ASSETS).filter((name) => name.endsWith('.js.gz'));
  const bytes = scripts.reduce((sum, name) => sum + statSync(`${ASSETS}/${name}`).size, 0);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(COMPRESSED_BYTES_MAX);
});
