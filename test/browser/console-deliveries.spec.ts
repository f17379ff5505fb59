/** What an operator sees and does while puppets come and go. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, newPage, openBrowser, seeSoon } from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

describeInBrowser('the console, while puppets come and go', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  let page: Page;
  let app: WecomApp;
  let openKfId: string;

  beforeAll(async () => {
    [browser, manager] = await Promise.all([openBrowser(), startManager(place.env)]);
    page = await newPage(browser);
  });

  beforeEach(async () => {
    puppet = await startPuppetServer();
    [app, openKfId] = [newApp(), newOpenKfId()];
  });

  afterEach(async () => {
    await Promise.all([page.unrouteAll(), puppet.close()]);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop()]);
    await place.discard();
  });

  const open = (path: string) => page.goto(`${manager.url}/console${path}`);

  async function message(): Promise<void> {
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  }

  async function restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { port } = new URL(manager.url);
    await manager.stop();
    manager = await startManager({ ...place.env, ...env, PORT: port });
  }

  async function puppetIsBackAt(url: string): Promise<void> {
    puppet = await startPuppetServer(undefined, Number(new URL(url).port));
    await register(manager.url, app, openKfId, url);
  }

  it('has no account at first, and says how one comes', async () => {
    await open('');
    await page.getByText('No puppet has registered yet').first().waitFor();
    await page.getByRole('link', { name: 'Connect a WeCom app' }).waitFor();
  });

  it('tells why an account waits, that it is over, and what came when', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await open('/outbox');
    const row = page.getByRole('row', { name: openKfId });
    await row.getByText('Waiting', { exact: true }).waitFor();
    await row
      .getByText(/The manager cannot reach|The bot’s address fails/)
      .first()
      .click();
    await row.getByText('What to do').waitFor();
    await page.getByRole('link', { name: 'Kf accounts' }).click();
    await seeSoon(page.getByRole('row', { name: openKfId }).getByText('Waiting', { exact: true }));
    await page.getByRole('link', { name: 'Outbox' }).click();
    await row.waitFor();
    await page.getByRole('button', { name: 'Send now: 客服一号' }).click();
    await page.getByText('What waits for 客服一号 is being sent.').waitFor();
    await puppetIsBackAt(url);
    await seeSoon(page.getByText('Everything that came in was delivered.'));
    await page.getByRole('link', { name: 'Overview' }).click();
    await seeSoon(page.getByRole('status').getByText('Events reach the bots; no reply was seen'));
  });

  it('finds an account among others by a part of its id, and by its state', async () => {
    const other = newOpenKfId();
    await register(manager.url, app, openKfId, puppet.url);
    await register(manager.url, app, other, puppet.url);
    await open('/kf-accounts');
    await page.getByRole('row', { name: other }).waitFor();
    await page.getByLabel('Search by name, id or address').fill(openKfId.slice(4, 20));
    await page.getByRole('row', { name: other }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: openKfId }).waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe(openKfId.slice(4, 20));
    // The page says that a corp is found by its whole id alone.
    await page.getByLabel('Corp id, as a whole').fill(app.corpId.slice(0, 4));
    await page.getByText('the corp id beside it has to be whole').waitFor();
    await page.getByLabel('Corp id, as a whole').fill(app.corpId);
    await page.getByRole('row', { name: openKfId }).waitFor();
    await page.getByLabel('State').selectOption('Offline');
    await page.getByText('No account matches').waitFor();
  });

  it('sends a test, by keyboard alone, and shows the puppet’s answer as text', async () => {
    puppet.behave((_request, response) => response.end('<b>roger</b>'));
    await register(manager.url, app, openKfId, puppet.url);
    await open(`/kf-accounts/${openKfId}`);
    await page.getByRole('button', { name: 'Send a test' }).waitFor();
    const received = puppet.next();
    while ((await page.evaluate('document.activeElement.textContent')) !== 'Send a test')
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('The puppet took it').waitFor();
    await page.getByText('<b>roger</b>').waitFor();
    expect((await received).path).toBe('/callback/decrypted');
  });

  it('forgets an account after asking', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await open(`/kf-accounts/${openKfId}`);
    await page.getByRole('button', { name: 'Forget this account' }).click();
    const dialog = page.getByRole('dialog', { name: 'Forget 客服一号?' });
    await dialog.getByText(/The registration goes/).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Forget this account' }).click();
    await dialog.getByRole('button', { name: 'Forget it' }).click();
    await page.getByText('客服一号 is forgotten.').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/kf-accounts');
    await open(`/kf-accounts/${openKfId}`);
    await page.getByText('This account is not registered').waitFor();
  });

  it('shows deliveries as they happen, and holds still when it is told to', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await open(`/live?openKfId=${openKfId}`);
    await page.getByText(/^Live from replica /).waitFor();
    await message();
    const rows = page.getByRole('row', { name: openKfId });
    await rows.getByText('Taken', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await message();
    await page.getByText('1 came meanwhile').waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('button', { name: 'Go on' }).click();
    await rows.nth(1).waitFor();
    await page.getByLabel('Outcome').selectOption('Not taken');
    await page.getByText('Nothing was delivered yet').waitFor();
  });

  it('shows nothing of another outcome when one is chosen while it holds still', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await open(`/live?openKfId=${openKfId}`);
    await page.getByText(/^Live from replica /).waitFor();
    await message();
    const rows = page.getByRole('row', { name: openKfId });
    await rows.getByText('Taken', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('Outcome').selectOption('Not taken');
    await rows.first().waitFor({ state: 'detached' });
    await page.getByText('Nothing was delivered yet').waitFor();
  });

  it('finds what was delivered before, and tells its whole story', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await open(`/kf-accounts/${openKfId}`);
    await page.getByRole('link', { name: 'Its deliveries in the log' }).click();
    const row = page.getByRole('row', { name: openKfId }).filter({ hasText: 'Kept for later' });
    await seeSoon(row);
    await page.getByText(/^The log reaches back to .*; it is kept for 3 days\.$/).waitFor();
    await puppetIsBackAt(url);
    await page.getByLabel('Search by account, name, corp or webhook-id').fill('nobody-has-this');
    await page.getByText('No record matches').waitFor();
    await page.getByLabel('Search by account, name, corp or webhook-id').fill('');
    await row.getByRole('link').first().click();
    await page.getByRole('heading', { name: 'The story of a delivery' }).waitFor();
    await seeSoon(page.getByText('answered 200').first());
    await page.getByRole('row').filter({ hasText: 'Callback' }).getByText('Kept for later').waitFor();
    await page.getByRole('row').filter({ hasText: 'when the puppet registered' }).waitFor();
    await page.getByRole('link', { name: 'Delivery log' }).click();
    await page.getByRole('link', { name: 'As they happen' }).click();
    await page.getByText(/^Live from replica /).waitFor();
  });

  it('tells of an event that was kept which newer one ended its wait', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await message();
    await puppetIsBackAt(url);
    await open(`/live/log?openKfId=${openKfId}`);
    const kept = page.getByRole('row', { name: openKfId }).filter({ hasText: 'Kept for later' });
    await seeSoon(kept.nth(1));
    await kept.nth(1).getByRole('link').first().click();
    await seeSoon(page.getByText(/^Kept for later A newer event of the account was taken at /));
    await page.getByRole('link', { name: 'Story of that one' }).click();
    await page.getByText('Taken', { exact: true }).first().waitFor();
  });

  it('says of refused callbacks why, from where, and what to do', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const wrong = { ...app, token: newApp().token };
    expect((await sendMessage(manager.url, wrong, openKfId)).status).toBe(403);
    await open('/live/refused');
    const row = page.getByRole('row', { name: app.corpId });
    await seeSoon(row.getByText('its signature did not match'));
    await row.getByText('The Token in WeCom is another one').waitFor();
    await row.getByText('127.0.0.1').waitFor();
    await row.getByRole('link').click();
    await page.getByRole('row', { name: app.corpId }).getByText('CALLBACK_SIGNATURE_MISMATCH').waitFor();
  });

  it('drops what was looked at and nothing that came after it, and says when that is gone', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await open(`/kf-accounts/${openKfId}`);
    await page.getByRole('button', { name: 'Drop: 客服一号' }).click();
    await message();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Drop it' }).click();
    await dialog.getByText('HINT_CHANGED').waitFor();
    await puppetIsBackAt(url);
    await seeSoon(dialog.getByText('It is here no more'));
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.locator('h1:focus').waitFor();
  });

  it('names the very hint that it sends or drops, and says of one that is due that it is due now', async () => {
    const hint = {
      corpId: app.corpId,
      openKfId,
      name: null,
      generation: 'generation-1',
      state: 'waiting',
      arrivedAt: new Date().toISOString(),
      ageS: 1,
      attempts: 1,
      dueAt: new Date(Date.now() + 2_000).toISOString(),
      endpoint: null,
      events: 1,
      isUnderWay: false,
      isSyncTokenExpired: false,
      failure: null,
    };
    const asked: string[] = [];
    await page.route(/\/api\/v1\/hints/, (route) => {
      const { pathname, search } = new URL(route.request().url());
      if (pathname === '/api/v1/hints') return route.fulfill({ json: { items: [hint], nextCursor: null } });
      asked.push(`${route.request().method()} ${pathname}${search}`);
      return route.fulfill({ json: { code: 0, message: 'success' } });
    });
    await open('/outbox');
    await page.getByRole('cell', { name: 'due now' }).waitFor();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByText('is being sent').waitFor();
    await page.getByRole('button', { name: 'Drop' }).click();
    await page.getByRole('button', { name: 'Drop it' }).click();
    await page.getByText('is dropped').waitFor();
    expect(asked).toEqual([
      `POST /api/v1/hints/${openKfId}/replay?corpId=${app.corpId}`,
      `DELETE /api/v1/hints/${openKfId}?corpId=${app.corpId}&generation=generation-1`,
    ]);
  });

  it('passes over pages with nothing on them, and does not take them for the end', async () => {
    const asked: (string | null)[] = [];
    let end = 12;
    await page.route(/\/api\/v1\/kf-accounts/, (route) => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor');
      asked.push(cursor);
      const next = Number(cursor ?? 0) + 1;
      return route.fulfill({ json: { items: [], nextCursor: next < end ? String(next) : null } });
    });
    await open('/kf-accounts?state=dead');
    await page.getByText('Nothing on this page.').waitFor();
    expect(asked.slice(0, 10)).toEqual([null, '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Page 2').waitFor();
    await page.getByText('Nothing on this page.').waitFor();
    end = 3;
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByText('No account matches').waitFor();
  });

  it('counts how long ago by the time of the manager, where the browser is off by 3 min', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await message();
    const offPage = await newPage(browser);
    for (const min of [-3, 3]) {
      await offPage.clock.setFixedTime(Date.now() + min * 60_000);
      await offPage.goto(`${manager.url}/console/kf-accounts`);
      const row = offPage.getByRole('row', { name: openKfId });
      await row.waitFor();
      expect(await row.textContent()).toMatch(/just now|\d sec\. ago/);
      expect(await row.textContent()).not.toMatch(/in \d|min/);
    }
    await offPage.context().close();
  });

  describe('and at addresses that are allowed no more', () => {
    const goneApp = newApp();
    const [gone, other, single] = [newOpenKfId(), newOpenKfId(), newOpenKfId()];
    let bot: PuppetServer;

    beforeAll(async () => {
      bot = await startPuppetServer();
      for (const account of [gone, other, single]) await register(manager.url, goneApp, account, bot.url);
      await restart({ PUPPET_ENDPOINT_ALLOW: '127.0.0.2' });
      for (const account of [gone, other, single]) await sendMessage(manager.url, goneApp, account);
    });

    afterAll(() => bot.close());

    it('says why none was sent again', async () => {
      await open('/outbox?state=dead');
      await page.getByRole('button', { name: 'Send all dead again' }).click();
      await page.getByText('None was sent again: what is dead has no bot').waitFor();
    });

    it('sends what is dead again, one or all, or drops it, after asking what would be lost', async () => {
      // Of this corp alone: what waits of the other tests is dead now, too.
      await open(`/outbox?state=dead&corpId=${goneApp.corpId}`);
      const [goneRow, otherRow, singleRow] = [
        page.getByRole('row', { name: gone }),
        page.getByRole('row', { name: other }),
        page.getByRole('row', { name: single }),
      ];
      await goneRow.getByText('The bot’s address cannot be used').first().waitFor();
      await otherRow.getByRole('button', { name: /^Drop/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Drop what waits for 客服一号?' });
      expect(await dialog.textContent()).toContain(other);
      await dialog.getByRole('button', { name: 'Drop it' }).click();
      await seeSoon(otherRow, 'detached');
      await page.locator('h1:focus').waitFor();
      await restart();
      const arrived = bot.next();
      await singleRow.getByRole('button', { name: 'Send again' }).click();
      await arrived;
      await seeSoon(singleRow, 'detached');
      const received = bot.next();
      await page.getByRole('button', { name: 'Send these again' }).click();
      await page.getByRole('dialog', { name: 'Send what is dead for 1 account again?' }).waitFor();
      await page.getByRole('button', { name: 'Send all', exact: true }).click();
      await page.getByText('1 account’s event is being sent again.').waitFor();
      await received;
      await seeSoon(page.getByText('Nothing matches'));
    });
  });
});
