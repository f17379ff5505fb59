/** The suites of pages, seen as a person sees them. */
import { join } from 'node:path';
import { describe } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import type { Locator, Page } from 'playwright-core';
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

const LOOKS_MAX = 120;
const LOOK_MS = 250;

/** Waits as a reader who keeps coming back to the tab: what the page asks for every few seconds it asks for at once. */
export async function seeSoon(locator: Locator, state: 'visible' | 'detached' = 'visible'): Promise<void> {
  for (let look = 1; ; look++) {
    await locator.page().evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    try {
      return await locator.waitFor({ state, timeout: LOOK_MS });
    } catch (error) {
      if (look === LOOKS_MAX) throw error;
    }
  }
}

/** Half faded in, a text has too little contrast. What pulses for ever is not waited for. */
const SETTLED = `Promise.allSettled(
  document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
    .map(({ finished }) => finished),
)`;

/**
 * What bars people from the page once nothing moves on it: the rule that is broken, and by which elements.
 * @param rules all of axe, or only those about colours, where nothing else has changed since all were tried.
 */
export async function seriousViolations(page: Page, rules: 'all' | 'colours' = 'all'): Promise<string[]> {
  if (await page.evaluate('typeof axe === "undefined"')) await page.evaluate(axe.source);
  await page.evaluate(SETTLED);
  const runOnly = rules === 'colours' ? ['color-contrast'] : undefined;
  const options = JSON.stringify({ resultTypes: ['violations'], runOnly });
  const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>(`axe.run(document, ${options})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
    );
}
