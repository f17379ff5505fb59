/** What the console and the page of the OpenAPI document load: how much, and under their own policy from nobody but the manager. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page, Request } from 'playwright-core';
import { describeInBrowser, newPage, openBrowser, screenshot } from '../support/browser.js';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

/** All scripts of the overview, with those that draw its charts. */
const SCRIPT_BYTES_MAX = 500_000;

describeInBrowser('what the pages load', () => {
  const manager = suiteManager(embeddedPlace);
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });

  afterAll(() => browser.close());

  describe('the first view of the console', () => {
    const requests: Request[] = [];
    const complaints: string[] = [];

    beforeAll(async () => {
      const page = await newPage(browser);
      page.on('request', (request) => requests.push(request));
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', ({ message }) => complaints.push(message));
      await page.goto(manager.url);
      // The charts come last.
      await page.locator('main .recharts-surface').first().waitFor({ state: 'attached' });
    });

    it('is reached from the bare address', async () => {
      const pages = requests
        .filter((request) => request.isNavigationRequest())
        .map((request) => request.url());
      expect(pages).toEqual([`${manager.url}/`, `${manager.url}/console`]);
    });

    it('takes no more script than a slow line has in a few seconds', async () => {
      const scripts = requests.filter((request) => request.resourceType() === 'script');
      const sizes = await Promise.all(scripts.map((request) => request.sizes()));
      const bytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
      expect(bytes).toBeGreaterThan(10_000);
      expect(bytes).toBeLessThanOrEqual(SCRIPT_BYTES_MAX);
    });

    it('has all of it compressed', async () => {
      const files = requests.filter((request) => /\/assets\/.*\.(js|css)$/.test(request.url()));
      const responses = await Promise.all(files.map((request) => request.response()));
      expect(new Set(responses.map((response) => response?.headers()['content-encoding']))).toEqual(
        new Set(['br']),
      );
    });

    it('says of each request that it is the console’s, so that no browser asks for a password itself', () => {
      const asked = requests.filter((request) => request.resourceType() === 'fetch');
      expect(asked.length).toBeGreaterThan(1);
      expect(new Set(asked.map((request) => request.headers()['x-wxkf-console']))).toEqual(new Set(['1']));
    });

    it('asks nobody but the manager, and breaks no rule of its own policy', () => {
      const others = requests
        .map((request) => new URL(request.url()))
        .filter(({ origin }) => origin !== manager.url);
      expect(others.map(({ href }) => href)).toEqual([]);
      expect(complaints).toEqual([]);
    });
  });

  describe('/docs', () => {
    let page: Page;
    /** What the browser complained of: what the policy forbids, scripts that failed, files that are not there. */
    const complaints: string[] = [];
    const asked: string[] = [];

    beforeAll(async () => {
      page = await newPage(browser);
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(`${manager.url}/docs`);
      await page.locator('#operations-puppets-registerPuppet').waitFor();
    });

    it('shows every area of the document, that of operators first', async () => {
      const tags = await page.locator('.opblock-tag').evaluateAll((all) => all.map(({ id }) => id));
      expect(tags[0]).toBe('operations-tag-operators');
      expect(tags).toEqual(expect.arrayContaining(['operations-tag-puppets', 'operations-tag-bots']));
    });

    it('is light or dark as the system is, unless the console in this browser says otherwise', async () => {
      const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
      const light = await ground();
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.locator('html.dark-mode').waitFor();
      expect(await ground()).toBe('rgb(28, 32, 34)');
      await screenshot(page, 'docs-dark', false);
      await page.evaluate(`localStorage.setItem('wxkf.theme', 'light')`);
      await page.reload();
      await page.locator('#operations-puppets-registerPuppet').waitFor();
      expect(await ground()).toBe(light);
    });

    it('shows what a route answers, and calls it', async () => {
      const operation = page.locator('#operations-monitoring-isAlive');
      await operation.locator('.opblock-summary-control').click();
      await operation.getByRole('button', { name: 'Try it out' }).click();
      await operation.getByRole('button', { name: 'Execute' }).click();
      await operation.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
      // What is in view: all of it is many screens long.
      await screenshot(page, 'docs', false);
    });

    it('breaks no policy, and asks nobody but the manager', () => {
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !url.startsWith(manager.url) && !url.startsWith('data:'))).toEqual([]);
    });
  });
});
