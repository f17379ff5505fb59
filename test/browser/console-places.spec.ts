/** Where an operator is in the console, and what has the focus: after Back, paging, signing in and generating; on a narrow screen too. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, newPage, openBrowser, seeSoon } from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { until } from '../support/until.js';
import { newApp, sendMessage } from '../support/wecom.js';

const OPERATOR = 'operator-token-of-the-tests';
const PUPPET = 'puppet-token-of-the-tests';
const ROLES = { AUTH_OPERATOR_TOKEN: OPERATOR, AUTH_PUPPET_TOKEN: PUPPET };
/** More than two pages. */
const ACCOUNTS = 120;
const app = newApp();
const accountOf = (number: number): string => `wkAAAA${String(number).padStart(26, '0')}`;

describeInBrowser('the console of many accounts', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let page: Page;

  beforeAll(async () => {
    [browser, manager, puppet] = await Promise.all([
      openBrowser(),
      startManager({ ...place.env, ...ROLES }),
      startPuppetServer(),
    ]);
    page = await newPage(browser);
    for (let number = 0; number < ACCOUNTS; number++) await register(accountOf(number), puppet.url);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop(), puppet.close()]);
    await place.discard();
  });

  async function register(openKfId: string, endpoint: string): Promise<void> {
    const { status } = await fetch(`${manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${PUPPET}` },
      body: JSON.stringify(registrationOf(app, openKfId, endpoint)),
    });
    expect(status).toBe(200);
  }

  async function signIn(): Promise<void> {
    await page.locator('input[type=password]').fill(OPERATOR);
    await page.keyboard.press('Enter');
  }

  async function open(path: string): Promise<void> {
    await page.context().clearCookies();
    // A browser that is sent to the page where it is keeps what that page remembers.
    await page.evaluate('history.replaceState(null, "")');
    await page.goto(`${manager.url}/console${path}`);
    await signIn();
  }

  const rowOf = (number: number) =>
    page.getByRole('row').filter({ has: page.locator(`[href$="${accountOf(number)}"]`) });

  const focused = (): Promise<string> =>
    page.evaluate('[document.activeElement.tagName, document.activeElement.textContent].join(" ")');

  it('gives the focus to the heading after the sign-in, and after the next page of a list', async () => {
    await open('/accounts');
    await rowOf(0).waitFor();
    expect(await focused()).toBe('H1 Accounts');
    await page.getByRole('button', { name: 'Next' }).click();
    await rowOf(50).waitFor();
    expect(await focused()).toBe('H1 Accounts');
  });

  it('is at the same page and place of a list after Back, and at the first page by a link', async () => {
    await open('/accounts');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText(/^Page 2\b/).waitFor();
    await rowOf(80).waitFor();
    const link = rowOf(80).getByRole('link').first();
    await link.scrollIntoViewIfNeeded();
    const y = await page.evaluate<number>('scrollY');
    expect(y).toBeGreaterThan(0);
    await link.click();
    await page.getByRole('button', { name: 'Send a test' }).waitFor();
    await page.goBack();
    await rowOf(80).waitFor();
    await page.getByText(/^Page 2\b/).waitFor();
    await until(() => page.evaluate<boolean>(`Math.abs(scrollY - ${y}) < 2`));
    await page.reload();
    await page.getByText(/^Page 2\b/).waitFor();
    await page.getByRole('link', { name: 'Apps' }).click();
    await page.getByRole('link', { name: 'Accounts' }).click();
    await page.getByText(/^Page 1\b/).waitFor();
  });

  it('sorts all pages by a head that is pressed, in the address, and says which of how many are shown', async () => {
    // So wide that all columns are there.
    await page.setViewportSize({ width: 1440, height: 800 });
    await open('/accounts');
    await page.getByText(`1–50 of ${ACCOUNTS}`).waitFor();
    await page.getByRole('button', { name: 'Account', exact: true }).click();
    await page.locator('th[aria-sort=ascending]').waitFor();
    expect(page.url()).toContain('sort=name');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText(`51–${Math.min(100, ACCOUNTS)} of ${ACCOUNTS}`).waitFor();
    await page.getByRole('button', { name: 'p95' }).click();
    await page.locator('th[aria-sort=descending]').waitFor();
    await page.reload();
    await page.locator('th[aria-sort=descending]').waitFor();
    expect(page.url()).toContain('sort=p95');
    await page.getByRole('button', { name: 'p95' }).click();
    await page.locator('th[aria-sort=descending]').waitFor({ state: 'detached' });
    expect(page.url()).not.toContain('sort=');
  });

  it('begins at its heading when token and key were made, and keeps both over a session that expired', async () => {
    await open('/apps/connect');
    await page.getByLabel('Corp id', { exact: true }).fill('wwnew1234567890');
    await page.getByRole('button', { name: 'Generate token and key' }).click();
    const token = page.getByLabel('Token', { exact: true });
    const made = await token.inputValue();
    expect(made).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await focused()).toMatch(/^H1 wwnew1234567890: paste/);
    await page.context().clearCookies();
    await seeSoon(page.getByText('Your session has ended'));
    expect(await page.content()).not.toContain(made);
    await signIn();
    await token.waitFor();
    expect(await token.inputValue()).toBe(made);
    await page.getByRole('button', { name: 'I have saved them' }).click();
    await page.getByRole('button', { name: 'shared secret' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await signIn();
    await page.getByLabel('Corp id', { exact: true }).waitFor();
    expect(await page.content()).not.toContain(made);
  });

  it('counts above the list what is in it, events without a puppet included', async () => {
    await open('/waiting');
    await register(accountOf(0), await refusedUrl());
    const ids = [accountOf(0), 'wkNobodyRegistered'];
    for (const openKfId of ids) await sendMessage(manager.url, app, openKfId);
    const lists = page.getByRole('radiogroup', { name: 'Waiting or dead' });
    await seeSoon(lists.getByText('Waiting 2'));
    for (const openKfId of ids) await seeSoon(page.getByRole('row').getByTitle(openKfId).first());
  });

  it('leaves the cards of an account where they are when an event begins to wait', async () => {
    await open(`/accounts/${app.corpId}/${accountOf(1)}`);
    const test = page.getByRole('button', { name: 'Send a test' });
    await page.getByText('Nothing waits for this account.').waitFor();
    const before = await test.boundingBox();
    await register(accountOf(1), await refusedUrl());
    await sendMessage(manager.url, app, accountOf(1));
    await seeSoon(page.getByRole('button', { name: 'Send now' }));
    const after = await test.boundingBox();
    expect(after?.x).toBe(before?.x);
  });
});
