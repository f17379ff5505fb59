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
const PAGES = [
  '',
  '/kf-accounts',
  '/outbox',
  '/live',
  '/apps',
  '/apps/connect',
  '/bots',
  '/bots/add',
  '/wecom-errors',
];

const app = newApp();
const accountOf = (number: number): string => `wkAAAA${String(number).padStart(26, '0')}`;

describeInBrowser('the console of many accounts', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  let puppet: PuppetServer;

  beforeAll(async () => {
    [browser, manager, puppet] = await Promise.all([
      openBrowser(),
      startManager({ ...place.env, ...ROLES }),
      startPuppetServer(),
    ]);
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

  async function signIn(page: Page): Promise<void> {
    await page.locator('input[type=password]').fill(OPERATOR);
    await page.keyboard.press('Enter');
  }

  async function open(path: string, locale = 'en'): Promise<Page> {
    const page = await newPage(browser, { locale });
    await page.goto(`${manager.url}/console${path}`);
    await signIn(page);
    return page;
  }

  const focused = (page: Page): Promise<string> =>
    page.evaluate('[document.activeElement.tagName, document.activeElement.textContent].join(" ")');

  it('gives the focus to the heading after the sign-in, and after the next page of a list', async () => {
    const page = await open('/kf-accounts');
    await page.getByRole('row', { name: accountOf(0) }).waitFor();
    expect(await focused(page)).toBe('H1 Kf accounts');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('row', { name: accountOf(50) }).waitFor();
    expect(await focused(page)).toBe('H1 Kf accounts');
    await page.context().close();
  });

  it('is at the same page and place of a list after Back, and at the first page by a link', async () => {
    const page = await open('/kf-accounts');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Page 2').waitFor();
    await page.getByRole('row', { name: accountOf(80) }).waitFor();
    const scrolled = page.evaluate(
      'new Promise((seen) => document.addEventListener("scrollend", () => seen(scrollY), { once: true }))',
    );
    const link = page.getByRole('row', { name: accountOf(80) }).getByRole('link');
    await link.scrollIntoViewIfNeeded();
    const y = await scrolled;
    await link.click();
    await page.getByRole('button', { name: 'Send a test' }).waitFor();
    await page.goBack();
    await page.getByRole('row', { name: accountOf(80) }).waitFor();
    await page.getByText('Page 2').waitFor();
    await until(() => page.evaluate<boolean>(`Math.abs(scrollY - ${String(y)}) < 2`));
    await page.reload();
    await page.getByText('Page 2').waitFor();
    await page.getByRole('link', { name: 'Apps' }).click();
    await page.getByRole('link', { name: 'Kf accounts' }).click();
    await page.getByText('Page 1').waitFor();
    await page.context().close();
  });

  it('sorts all pages by a head that is pressed, in the address, and says which of how many are shown', async () => {
    const page = await open('/kf-accounts');
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
    await page.getByRole('button', { name: 'Waits for' }).click();
    await page.getByText('only accounts that wait or are dead').waitFor();
    await page.context().close();
  });

  it('begins at its heading when token and key were made, and keeps both over a session that expired', async () => {
    const page = await open('/apps/connect');
    await page.getByLabel('Corp id').fill('wwnew1234567890');
    await page.getByRole('button', { name: 'Generate token and key' }).click();
    const token = page.getByLabel('Token', { exact: true });
    const made = await token.inputValue();
    expect(made).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await focused(page)).toMatch(/^H1 wwnew1234567890: paste/);
    await page.context().clearCookies();
    await seeSoon(page.getByText('Your session has ended'));
    expect(await page.content()).not.toContain(made);
    await signIn(page);
    await token.waitFor();
    expect(await token.inputValue()).toBe(made);
    await page.getByRole('button', { name: 'I have saved them' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page);
    await page.getByLabel('Corp id').waitFor();
    expect(await page.content()).not.toContain(made);
    await page.context().close();
  });

  it('counts the same in the menu and in the list, events without a puppet included', async () => {
    const page = await open('/outbox');
    await register(accountOf(0), await refusedUrl());
    for (const openKfId of [accountOf(0), 'wkNobodyRegistered'])
      await sendMessage(manager.url, app, openKfId);
    const badge = page.locator('.navigation .badge.wait [aria-hidden]');
    await seeSoon(badge.getByText('2'));
    const tab = page.getByRole('navigation', { name: 'Waiting or dead' }).getByRole('link').first();
    expect(await tab.textContent()).toMatch(/ 2$/);
    await page.context().close();
  });

  it('leaves the cards of an account where they are when an event begins to wait', async () => {
    const page = await open(`/kf-accounts/${accountOf(1)}`);
    const test = page.getByRole('button', { name: 'Send a test' });
    await page.getByText('Nothing waits for this account.').waitFor();
    const before = await test.boundingBox();
    await register(accountOf(1), await refusedUrl());
    await sendMessage(manager.url, app, accountOf(1));
    await seeSoon(page.getByRole('button', { name: 'Send now' }));
    const after = await test.boundingBox();
    expect(after?.x).toBe(before?.x);
    await page.context().close();
  });

  it('says in Chinese on a Chinese page what the manager refused, and shows its own words as such', async () => {
    const page = await open('/apps/connect', 'zh-CN');
    await page.getByLabel('企业 ID').fill('no corp');
    await page.keyboard.press('Enter');
    await page.getByText('服务的说明（英文）：').waitFor();
    await page.getByText('填写的内容不符合要求，具体字段见下文。').waitFor();
    expect(await page.locator('.problem [lang=en]').textContent()).toContain('corpId');
    await page.context().close();
  });

  it('is as wide as a screen of 320 px on every page', async () => {
    const page = await open('/live');
    await page.setViewportSize({ width: 320, height: 640 });
    await page.getByText(/^Live from replica /).waitFor();
    await sendMessage(manager.url, app, accountOf(2));
    await page.locator('tbody tr').first().waitFor();
    for (const path of PAGES) {
      await page.goto(`${manager.url}/console${path}`);
      await page.locator('main h1').waitFor();
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect([path, width]).toEqual([path, 320]);
    }
    await register(accountOf(3), await refusedUrl());
    await sendMessage(manager.url, app, accountOf(3));
    await page.goto(`${manager.url}/console/outbox`);
    await page.locator('tbody tr summary').first().click();
    await page.getByText('What to do').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    await page.context().close();
  });
});

describeInBrowser('the console of a dead letter that can go nowhere', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;

  beforeAll(async () => {
    [browser, manager] = await Promise.all([openBrowser(), startManager(place.env)]);
    const registration = registrationOf(app, accountOf(0), 'http://127.0.0.2:8080');
    await fetch(`${manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(registration),
    });
    await manager.stop();
    manager = await startManager({ ...place.env, PUPPET_ENDPOINT_ALLOW: '127.0.0.1' });
    await sendMessage(manager.url, app, accountOf(0));
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop()]);
    await place.discard();
  });

  it('says why none was sent again', async () => {
    const page = await newPage(browser);
    await page.goto(`${manager.url}/console/outbox?state=dead`);
    await page.getByRole('button', { name: 'Send all dead again' }).click();
    await page.getByText('None was sent again: what is dead has no bot').waitFor();
  });
});
