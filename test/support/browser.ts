/** The suites of pages, seen as a person sees them. */
import { join } from 'node:path';
import { describe } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { chromiumPath } from './chromium.js';

export { newPage, openBrowser } from './chromium.js';

if (chromiumPath === undefined) {
  const howToGetOne = 'To get one: put chromium on the PATH (Debian has it), or name one in CHROMIUM_PATH.';
  // CI must not see a green run that left it out.
  if (process.env.CI) throw new Error(`No Chromium for the tests. ${howToGetOne}`);
  process.stderr.write(`!!! NO CHROMIUM: THE SUITES OF PAGES ARE LEFT OUT !!! ${howToGetOne}\n`);
}

/** `describe` where there is a Chromium. */
export const describeInBrowser = chromiumPath === undefined ? describe.skip : describe;

/** The page, by default the whole of it, as test-results/screenshots/<name>.png, which CI keeps. */
export async function screenshot(page: Page, name: string, fullPage = true): Promise<void> {
  await page.screenshot({ path: join('test-results/screenshots', `${name}.png`), fullPage });
}

/** What bars people from the page as it is now: the rule that is broken, and by which elements. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>(
    'axe.run(document, { resultTypes: ["violations"] })',
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
    );
}
