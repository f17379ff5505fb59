/** From nothing to answered customers, as an operator sees it. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seeSoon,
  seriousViolations,
} from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage, sendVerification } from '../support/wecom.js';

describeInBrowser('the console, connecting an app', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let page: Page;

  beforeAll(async () => {
    [browser, manager, puppet] = await Promise.all([
      openBrowser(),
      startManager(place.env),
      startPuppetServer(),
    ]);
    page = await newPage(browser);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop(), puppet.close()]);
    await place.discard();
  });

  const textOf = (label: string) => page.getByLabel(label, { exact: true }).inputValue();
  const step = (text: string) => page.getByRole('listitem').filter({ hasText: text });

  /** By its page, after a question. */
  async function remove(name: string): Promise<void> {
    await page.getByRole('link', { name }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    const dialog = page.getByRole('dialog', { name: `Remove ${name}?` });
    await dialog.getByText(/Its token and key are deleted/).waitFor();
    await dialog.getByRole('button', { name: 'Remove it' }).click();
    await page.getByRole('heading', { name: 'Apps' }).waitFor();
    await page.getByRole('link', { name }).waitFor({ state: 'detached' });
  }

  it('shows the API’s own words for a corp id that is none', async () => {
    await page.goto(`${manager.url}/console/apps`);
    await page.getByText('No app is connected yet').waitFor();
    await page.getByRole('link', { name: 'Connect a WeCom app' }).click();
    await page.getByLabel('Corp id', { exact: true }).fill('no corp');
    await page.getByRole('button', { name: 'Generate token and key' }).click();
    await page.getByText('REQUEST_INVALID').waitFor();
    expect(await page.locator('main').getByRole('alert').textContent()).toContain('corpId');
  });

  it('turns green step by step, and shows token and key this once', async () => {
    const { corpId } = newApp();
    await page.getByLabel('Corp id', { exact: true }).fill(corpId);
    await page.getByLabel('Name (optional)').fill('Support bot');
    await page.getByRole('button', { name: 'Generate token and key' }).click();
    await page.getByRole('heading', { name: 'Support bot: paste this into WeCom' }).waitFor();
    expect(await textOf('URL')).toBe(`${manager.url}/callback/${corpId}`);
    const onlyHere = page.getByText('it leads to this machine alone');
    expect(await onlyHere.count()).toBe(1);
    await page.getByLabel('Public address of this manager').fill('https://kf.example.com/');
    expect(await onlyHere.count()).toBe(0);
    expect(await textOf('URL')).toBe(`https://kf.example.com/callback/${corpId}`);
    const app = { corpId, token: await textOf('Token'), encodingAESKey: await textOf('EncodingAESKey') };
    await screenshot(page, 'console-connect');
    expect(await seriousViolations(page)).toEqual([]);

    await step('WeCom has verified the callback URL (not yet)').waitFor();
    const wrong = { ...app, token: newApp().token };
    expect((await sendVerification(manager.url, wrong, '1234567890123456789')).status).toBe(403);
    await seeSoon(page.getByText(/^WeCom \(127\.0\.0\.1\) called .*, and its signature did not match\.$/));
    await page.getByText('The Token in WeCom is another one').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    const verification = await sendVerification(manager.url, app, '1234567890123456789');
    expect(await verification.text()).toBe('1234567890123456789');
    await seeSoon(step('WeCom has verified the callback URL (done)'));
    await page.getByText('WeCom has them.').waitFor();
    const add = page.getByRole('link', { name: 'Add a bot', exact: true });
    expect(await add.getAttribute('href')).toBe(`/console/bots/add?corpId=${corpId}`);
    await screenshot(page, 'console-connect-verified');
    expect(await seriousViolations(page)).toEqual([]);

    const openKfId = newOpenKfId();
    await register(manager.url, app, openKfId, puppet.url);
    await seeSoon(step('A bot was added, or a puppet has registered (done)'));

    await sendMessage(manager.url, app, openKfId);
    await seeSoon(step('An event was delivered (done)'));
    await seeSoon(page.getByText('its events reach their bots'));
    expect(await page.getByText('its signature did not match').count()).toBe(0);
    await screenshot(page, 'console-connected');

    // WeCom has token and key, so nobody is asked.
    expect(await add.count()).toBe(0);
    await page.getByRole('link', { name: 'All apps' }).click();
    const row = page.getByRole('row', { name: 'Support bot' });
    await seeSoon(row.getByText('Needs attention'));
    await screenshot(page, 'console-apps');
    await row.getByRole('link', { name: 'Support bot' }).click();
    const wrongs = page.getByRole('table', { name: 'What is wrong with it' });
    await wrongs.getByText('its signature did not match').waitFor();
    const refused = page.getByRole('region', { name: 'Refused callbacks of the last day' });
    await refused.getByRole('row', { name: /its signature did not match 127\.0\.0\.1 1/ }).waitFor();
    await refused.getByRole('button', { name: 'its signature did not match' }).click();
    await refused.getByText(/its Token is wrong: connect the app once more/).waitFor();
    await screenshot(page, 'console-app');
    expect(await seriousViolations(page)).toEqual([]);
    expect(await page.content()).not.toContain(app.token);
    expect(await page.content()).not.toContain(app.encodingAESKey);
  });

  it('fills in the corp id of an app that is connected once more', async () => {
    await page.goto(`${manager.url}/console/apps/connect?corpId=ww1234567890abcdef`);
    const corpId = page.getByLabel('Corp id', { exact: true });
    await corpId.waitFor();
    expect(await corpId.inputValue()).toBe('ww1234567890abcdef');
  });

  it('lets nobody lose token and key unasked, until both are copied', async () => {
    const { corpId } = newApp();
    await page.getByRole('link', { name: 'All apps' }).click();
    await page.getByRole('link', { name: 'Connect a WeCom app' }).click();
    await page.getByLabel('Corp id', { exact: true }).fill(corpId);
    await page.getByRole('button', { name: 'Generate token and key' }).click();
    await page.getByRole('button', { name: 'Copy Token' }).click();
    // The browser asks in its own words.
    const asked = new Promise<string>((resolve) =>
      page.once('dialog', (dialog) => {
        resolve(dialog.type());
        void dialog.dismiss();
      }),
    );
    await page.close({ runBeforeUnload: true });
    expect(await asked).toBe('beforeunload');
    const token = await textOf('Token');
    await page.getByRole('link', { name: 'All apps' }).click();
    const question = page.getByRole('dialog', { name: 'Leave without token and key?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    expect(await textOf('Token')).toBe(token);
    await page.goBack();
    await question.waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/apps/connect');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Copy EncodingAESKey' }).click();
    await page.getByText('They are not shown again').waitFor();
    await page.getByRole('link', { name: 'All apps' }).click();
    await remove(corpId);
  });

  it('removes an app after asking', async () => {
    await remove('Support bot');
    await page.getByText('No app is connected yet').waitFor();
  });
});
