/** What the first view of the console costs its reader's line, as it goes over the wire. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Request } from 'playwright-core';
import { describeInBrowser, newPage, openBrowser } from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';

const SCRIPT_BYTES_MAX = 150_000;

describeInBrowser('the first view of the console', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  const requests: Request[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    [browser, manager] = await Promise.all([openBrowser(), startManager(place.env)]);
    const page = await newPage(browser);
    page.on('request', (request) => requests.push(request));
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(manager.url);
    // The charts come last.
    await page.locator('main figure svg').first().waitFor({ state: 'attached' });
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop()]);
    await place.discard();
  });

  it('is reached from the bare address', async () => {
    const pages = requests.filter((request) => request.isNavigationRequest()).map((request) => request.url());
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
