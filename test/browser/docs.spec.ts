/** The page of the OpenAPI document, under its own policy and without any other server. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, newPage, openBrowser, screenshot } from '../support/browser.js';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

describeInBrowser('/docs', () => {
  const manager = suiteManager(embeddedPlace);
  let browser: Browser;
  let page: Page;
  /** What the browser complained of: what the policy forbids, scripts that failed, files that are not there. */
  const complaints: string[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
    page = await newPage(browser);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${manager.url}/docs`);
    await page.locator('#operations-puppets-registerPuppet').waitFor();
  });

  afterAll(() => browser.close());

  it('shows every area of the document', async () => {
    const tags = await page.locator('.opblock-tag').evaluateAll((all) => all.map(({ id }) => id));
    expect(tags).toEqual(expect.arrayContaining(['operations-tag-puppets', 'operations-tag-operators']));
  });

  it('shows what a route answers, and calls it', async () => {
    const operation = page.locator('#operations-monitoring-isAlive');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    await screenshot(page, 'docs');
  });

  it('breaks no policy, and asks nobody but the manager', () => {
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(manager.url) && !url.startsWith('data:'))).toEqual([]);
  });
});
