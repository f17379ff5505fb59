/** The log and what waits, in every width, theme and language: inside the window, by the CSP, open to everybody. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import {
  describeInBrowser,
  openBrowser,
  screenshot,
  seeSoon,
  seriousViolations,
} from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, postJson, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, sendMessage } from '../support/wecom.js';
import { keepsInside, LOOKS, type Look, openAs, standsStill } from './looks.js';

const app = newApp('ww7f3e9a1c5b2d8064');
const [TAKEN, DOWN, DEAD] = [
  'wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTA',
  'wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTD',
  'wkDEAD',
];
const NAMES = { [TAKEN]: '售前咨询', [DOWN]: 'Support (English), evenings and weekends', [DEAD]: '投诉建议' };

describeInBrowser('the look of the log and of what waits', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  let puppet: PuppetServer;

  async function registerAt(openKfId: string, endpoint: string): Promise<void> {
    const registration = { ...registrationOf(app, openKfId, endpoint), kfName: NAMES[openKfId] };
    expect((await postJson(`${manager.url}/puppetWxkfManager/register`, registration)).status).toBe(200);
  }

  beforeAll(async () => {
    puppet = await startPuppetServer((_request, response) => response.end('success'));
    [browser, manager] = await Promise.all([openBrowser(), startManager(place.env)]);
    await registerAt(DEAD, 'http://127.0.0.2:8080');
    await manager.stop();
    manager = await startManager({ ...place.env, PUPPET_ENDPOINT_ALLOW: '127.0.0.1' });
    await registerAt(TAKEN, puppet.url);
    await registerAt(DOWN, await refusedUrl());
    for (const openKfId of [TAKEN, TAKEN, DOWN, DEAD, TAKEN, TAKEN])
      await sendMessage(manager.url, app, openKfId);
    await sendMessage(manager.url, { ...app, token: newApp().token }, TAKEN);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop(), puppet.close()]);
    await place.discard();
  });

  async function open(path: string, look?: Look): Promise<Page> {
    const page = await openAs(browser, look);
    await page.goto(`${manager.url}/console/${path}`);
    return page;
  }

  describe.each(LOOKS)('in $locale, dark: $dark', (look) => {
    it('shows the log, and a record of it beside the list', async () => {
      const page = await open('log', look);
      await seeSoon(page.locator('tbody tr').nth(5));
      await keepsInside(page, 'log', look);
      const row = page.locator('tbody tr').filter({ has: page.getByTitle(DOWN) });
      await row.locator('time').last().click();
      await page.getByRole('dialog').getByRole('listitem').first().waitFor();
      await keepsInside(page, 'log-story', look);
    });

    it('shows refused callbacks, and what to do', async () => {
      const page = await open('log?show=refused', look);
      await seeSoon(page.locator('tbody button.opener'));
      await page.locator('tbody button.opener').click();
      await keepsInside(page, 'refused', look);
    });

    it('shows what waits and what is dead', async () => {
      const page = await open('waiting', look);
      await page.locator('button.opener').click();
      await page.locator('.remedy').waitFor();
      await keepsInside(page, 'waiting', look);
      await page.goto(`${manager.url}/console/waiting?state=dead`);
      await page.getByRole('checkbox').first().check();
      await page.locator('.chosen .ant-btn-dangerous').click();
      await page.getByRole('dialog').waitFor();
      await keepsInside(page, 'dead', look);
    });
  });

  it.each(['log', 'waiting'])('stands still while it loads: %s', async (path) => {
    const page = await open(path);
    await seeSoon(page.locator('tbody time').first());
    await standsStill(page);
  });

  it('takes times as they are typed, in 24 hours', async () => {
    const page = await open('log?range=custom');
    await page.getByRole('textbox', { name: 'From' }).fill('2026-01-31 25:00');
    await page.getByTitle('Write it as 2026-01-31 08:00, in 24 hours.').waitFor();
    await page.getByRole('textbox', { name: 'From' }).fill('2026-01-31 20:00');
    await page.keyboard.press('Enter');
    await page.waitForURL(/from=2026-/);
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'log-times', false);
  });
});
