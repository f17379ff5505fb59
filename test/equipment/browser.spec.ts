/** What the suites of pages take for granted of the browser, asked of a page under as strict a policy as ours. */
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seriousViolations,
} from '../support/browser.js';

const page = (body: string) =>
  '<!doctype html><html lang="en"><title>A page</title><meta name="viewport" content="width=device-width">' +
  `<main><h1>A page</h1>${body}</main></html>`;

describeInBrowser('the browser', () => {
  let server: Server;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    server = createServer((request, response) => {
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'",
        'set-cookie': 'seen=1',
      });
      const { cookie = 'none', 'accept-language': language } = request.headers;
      const field = request.url === '/unlabelled' ? '<input type="text">' : '';
      response.end(page(`<p id="cookie">${cookie}</p><p id="language">${language}</p>${field}`));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
    server.close();
    server.closeAllConnections();
  });

  it('shows each page to a reader of its own', async () => {
    const [first, second] = [await newPage(browser), await newPage(browser, { locale: 'zh-CN' })];
    await first.goto(url);
    await first.reload();
    await second.goto(url);
    expect(await first.textContent('#cookie')).toBe('seen=1');
    expect(await second.textContent('#cookie')).toBe('none');
    expect(await first.textContent('#language')).toMatch(/^en\b/);
    expect(await second.textContent('#language')).toMatch(/^zh-CN\b/);
  });

  it('is as dark and as narrow as it is told to be', async () => {
    const [desk, phone] = [await newPage(browser), await newPage(browser, { dark: true, phone: true })];
    const asked =
      '[matchMedia("(prefers-color-scheme: dark)").matches, matchMedia("(max-width: 40em)").matches]';
    await desk.goto(url);
    await phone.goto(url);
    expect(await desk.evaluate(asked)).toEqual([false, false]);
    expect(await phone.evaluate(asked)).toEqual([true, true]);
  });

  it('finds what bars people from a page, and nothing where there is nothing', async () => {
    const opened = await newPage(browser);
    await opened.goto(url);
    expect(await seriousViolations(opened)).toEqual([]);
    await opened.goto(`${url}/unlabelled`);
    expect(await seriousViolations(opened)).toEqual([expect.stringMatching(/^label: .*: input$/)]);
  });

  it('keeps a picture of the page', async () => {
    const opened = await newPage(browser);
    await opened.goto(url);
    await screenshot(opened, 'browser-spec');
    const file = 'test-results/screenshots/browser-spec.png';
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
    rmSync(file);
  });
});
