/** Pages as a person sees them, in the machine's own Chromium: Debian's, driven by playwright-core. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { leftovers } from './leftovers.js';

const executablePath = findChromium();

if (executablePath === undefined) {
  const howToGetOne = 'To get one: put chromium on the PATH (Debian has it), or name one in CHROMIUM_PATH.';
  // CI must not see a green run that left it out.
  if (process.env.CI) throw new Error(`No Chromium for the tests. ${howToGetOne}`);
  process.stderr.write(`!!! NO CHROMIUM: THE SUITES OF PAGES ARE LEFT OUT !!! ${howToGetOne}\n`);
}

/** `describe` where there is a Chromium. */
export const describeInBrowser = executablePath === undefined ? describe.skip : describe;

/** @returns `undefined` where there is none. */
function findChromium(): string | undefined {
  const { CHROMIUM_PATH: named, PATH = '' } = process.env;
  return (
    named ||
    PATH.split(delimiter)
      .map((folder) => join(folder, 'chromium'))
      .find(existsSync)
  );
}

/** Takes a second; one for a spec file is enough, since each page of `newPage` is a stranger to the others. */
export async function openBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    // As root it does not start with one.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage'],
  });
  const kill = () => void browser.close();
  leftovers.add(kill);
  browser.once('disconnected', () => leftovers.delete(kill));
  return browser;
}

interface Reader {
  /** BCP 47; English where it is left out. */
  readonly locale?: string;
  readonly dark?: boolean;
  readonly phone?: boolean;
}

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const DESK = { viewport: { width: 1280, height: 800 } };

/** Without a cookie or anything else of other pages; `page.context().newPage()` gives one that shares them. */
export async function newPage(browser: Browser, reader: Reader = {}): Promise<Page> {
  const { locale = 'en', dark = false, phone = false } = reader;
  const context = await browser.newContext({
    locale,
    colorScheme: dark ? 'dark' : 'light',
    ...(phone ? PHONE : DESK),
  });
  return context.newPage();
}

/** The whole page as test-results/screenshots/<name>.png, which CI keeps. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join('test-results/screenshots', `${name}.png`), fullPage: true });
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
