/** What an operator sees and does while puppets come and go. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, newPage, openBrowser, seeSoon } from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, postJson, register, startPuppetServer } from '../support/puppet-server.js';
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

  /** By the label of a filter. */
  async function choose(filter: string, option: string): Promise<void> {
    await page.getByRole('combobox', { name: filter }).click();
    await page.getByTitle(option, { exact: true }).click();
  }

  /** One that has an account of the app, and takes nothing. */
  async function newBot(): Promise<{ name: string; openKfId: string }> {
    const account = newOpenKfId();
    const name = `Bot of ${account}`;
    const { status } = await postJson(`${manager.url}/api/v1/bots`, {
      ...{ name, corpId: app.corpId, openKfIds: [account], kind: 'puppet', takes: 'event' },
    });
    expect(status).toBe(200);
    return { name, openKfId: account };
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

  /** Rows name accounts; ids are what is copied. */
  const rowsOf = (account: string) => page.getByRole('row').filter({ has: page.getByTitle(account) });

  it('tells why something waits and what to do, that it is over, and that it came', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await open('/waiting');
    await rowsOf(openKfId)
      .getByRole('button', { name: /The manager cannot reach|The bot’s address fails/ })
      .click();
    await page.getByText('What to do').waitFor();
    await page.getByRole('link', { name: 'In the log' }).click();
    await seeSoon(rowsOf(openKfId).getByText('Kept for later'));
    await page.getByRole('link', { name: 'Waiting' }).click();
    await page.getByRole('button', { name: 'Send now: 客服一号' }).click();
    await page.getByText('What waits for 客服一号 is being sent.').waitFor();
    await puppetIsBackAt(url);
    await seeSoon(page.getByText('Everything that came in was delivered.'));
    await page.getByRole('link', { name: 'Overview' }).click();
    await seeSoon(page.getByRole('status').getByText('Events reach the bots; no reply was seen'));
  });

  it('shows deliveries as they happen, and holds still until somebody wants the new ones', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await open(`/log?openKfId=${openKfId}`);
    await page.getByText(/^Live from replica /).waitFor();
    await message();
    await rowsOf(openKfId).getByText('Taken', { exact: true }).waitFor();
    await message();
    await page.getByRole('button', { name: '1 new' }).waitFor();
    expect(await rowsOf(openKfId).count()).toBe(1);
    await page.getByRole('button', { name: '1 new' }).click();
    await rowsOf(openKfId).nth(1).waitFor();
    await choose('Outcome', 'Not taken');
    await page.getByText('No record matches').waitFor();
    expect(new URL(page.url()).searchParams.get('outcome')).toBe('not_taken');
  });

  it('shows of a bot what its accounts got, and nothing of others', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const bot = await newBot();
    await message();
    await open(`/log?openKfId=${openKfId}`);
    await seeSoon(rowsOf(openKfId));
    // It is surely written by now: what comes after a page has its first rows waits behind a button.
    await open('/log');
    await seeSoon(rowsOf(openKfId));
    await choose('Bot', bot.name);
    await page.getByText(/No record matches|Nothing on this page/).waitFor();
    expect((await sendMessage(manager.url, app, bot.openKfId)).status).toBe(200);
    await seeSoon(rowsOf(bot.openKfId).first());
    await rowsOf(bot.openKfId).first().getByRole('link', { name: bot.name }).waitFor();
    expect(await rowsOf(openKfId).count()).toBe(0);
  });

  it('finds what was delivered before, and tells its whole story', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await open(`/log?openKfId=${openKfId}`);
    const row = rowsOf(openKfId).filter({ hasText: 'Kept for later' });
    await seeSoon(row);
    await page.getByText(/^The log reaches back to .*; it is kept for 3 days\.$/).waitFor();
    await puppetIsBackAt(url);
    const search = page.getByLabel('Search by account, name, corp or webhook-id');
    await search.fill('nobody-has-this');
    await page.getByText('No record matches').waitFor();
    await search.fill('');
    await row.getByRole('link').first().click();
    const story = page.getByRole('dialog', { name: 'The story of a delivery' });
    await seeSoon(story.getByText(/answered 200/).first());
    const records = story.getByRole('listitem');
    await records.filter({ hasText: 'Callback' }).getByText('Kept for later').waitFor();
    // A retry that is due may find the puppet before it registers.
    await records
      .filter({ hasText: /when the puppet registered|as a retry/ })
      .filter({ hasText: 'answered 200' })
      .waitFor();
    const { href } = new URL(page.url());
    await page.keyboard.press('Escape');
    await story.waitFor({ state: 'hidden' });
    await page.goto(href);
    await story.waitFor();
  });

  it('sends again from the story what is kept, and leads to what came of it', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await puppet.close();
    await message();
    await open(`/log?openKfId=${openKfId}`);
    const row = rowsOf(openKfId).filter({ hasText: 'Kept for later' });
    await seeSoon(row);
    await row.getByText('Kept for later').click();
    const story = page.getByRole('dialog', { name: 'The story of a delivery' });
    await story.getByText('The manager cannot reach the bot').first().waitFor();
    await story.getByRole('button', { name: 'Send now' }).click();
    await page.getByText('What waits for 客服一号 is being sent.').waitFor();
    await seeSoon(story.getByText('Sent again as a new event'));
    expect(await story.getByRole('button', { name: 'Send now' }).count()).toBe(0);
    await story.getByRole('link', { name: 'Newest records of the account' }).click();
    await story.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: /\d new$/ }).click();
    await seeSoon(rowsOf(openKfId).getByText('Sent again', { exact: true }));
  });

  it('tells of an event that was kept which newer one ended its wait', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await message();
    await puppetIsBackAt(url);
    await open(`/log?openKfId=${openKfId}&outcome=kept`);
    await seeSoon(rowsOf(openKfId).nth(1));
    await rowsOf(openKfId).nth(1).getByRole('link').first().click();
    const story = page.getByRole('dialog');
    await seeSoon(story.getByText(/A newer event of the account was taken at /));
    expect(await story.getByRole('button', { name: /^Send/ }).count()).toBe(0);
    await story.getByRole('button', { name: 'Story of that one' }).click();
    await story.getByText('Taken', { exact: true }).first().waitFor();
  });

  it('says of refused callbacks why, from where, and what to do', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const wrong = { ...app, token: newApp().token };
    expect((await sendMessage(manager.url, wrong, openKfId)).status).toBe(403);
    await open(`/live/refused?corpId=${app.corpId}`);
    const reason = page.getByRole('button', { name: 'Its signature did not match' });
    await seeSoon(reason);
    await rowsOf(app.corpId).getByText('127.0.0.1').waitFor();
    await reason.click();
    await page.getByText('CALLBACK_SIGNATURE_MISMATCH · 127.0.0.1 · 1 time').waitFor();
    await page
      .getByRole('row')
      .getByText(/^Anybody can send a callback with a forged signature/)
      .last()
      .waitFor();
    await page.getByRole('link', { name: 'Its records in the log' }).click();
    await rowsOf(app.corpId).getByText('Refused', { exact: true }).waitFor();
  });

  it('leads from addresses of earlier versions to what they named', async () => {
    await open('/live/log/0mfw8k3c100001a3b1f2?outcome=dead');
    await page.getByText('This record is not there any more').waitFor();
    expect(page.url()).toBe(`${manager.url}/console/log?outcome=dead&record=0mfw8k3c100001a3b1f2`);
    await open('/outbox/messages?state=dead');
    await page.getByText('No message is dead').waitFor();
  });

  it('drops what was looked at and nothing that came after it, and says when that is gone', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const { url } = puppet;
    await puppet.close();
    await message();
    await open(`/waiting?corpId=${app.corpId}`);
    await rowsOf(openKfId).getByRole('button', { expanded: false }).click();
    await page.getByRole('button', { name: 'Drop: 客服一号' }).click();
    await message();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Drop it' }).click();
    await dialog.getByText('HINT_CHANGED').waitFor();
    await puppetIsBackAt(url);
    await seeSoon(dialog.getByText('It is here no more'));
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
  });

  it('names the very hint that it sends or drops, and says of one that is due that it is due now', async () => {
    const hint = {
      corpId: app.corpId,
      openKfId,
      name: null,
      generation: 'generation-1',
      state: 'waiting',
      arrivedAt: new Date().toISOString(),
      waitingSince: new Date().toISOString(),
      ageS: 1,
      attempts: 1,
      dueAt: new Date(Date.now() + 2_000).toISOString(),
      endpoint: null,
      events: 1,
      isUnderWay: false,
      isSyncTokenExpired: false,
      lastFailure: null,
    };
    const asked: string[] = [];
    await page.route(/\/api\/v1\/hints/, (route) => {
      const { pathname, search } = new URL(route.request().url());
      if (pathname === '/api/v1/hints') return route.fulfill({ json: { items: [hint], nextCursor: null } });
      asked.push(`${route.request().method()} ${pathname}${search}`);
      return route.fulfill({ json: { code: 0, message: 'success' } });
    });
    await open('/waiting');
    await page.getByRole('cell', { name: 'due now' }).waitFor();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByText('is being sent').waitFor();
    await page.getByText('Not tried yet').click();
    await page.getByRole('button', { name: /^Drop/ }).click();
    await page.getByRole('button', { name: 'Drop it' }).click();
    await page.getByText('is dropped').waitFor();
    expect(asked).toEqual([
      `POST /api/v1/hints/${openKfId}/replay?corpId=${app.corpId}`,
      `DELETE /api/v1/hints/${openKfId}?corpId=${app.corpId}&generation=generation-1`,
    ]);
  });

  it('drops many after asking once', async () => {
    const [first, second] = [openKfId, newOpenKfId()];
    await puppet.close();
    for (const account of [first, second]) {
      await register(manager.url, app, account, puppet.url);
      await sendMessage(manager.url, app, account);
    }
    await open(`/waiting?corpId=${app.corpId}`);
    await rowsOf(first).getByRole('checkbox').check();
    await rowsOf(second).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Drop selected' }).click();
    await page.getByRole('dialog', { name: 'Drop 2 entries?' }).waitFor();
    await page.getByRole('button', { name: 'Drop them' }).click();
    await page.getByText('2 entries are dropped.').waitFor();
    await seeSoon(page.getByText('Nothing matches'));
    await page.locator('h1:focus').waitFor();
  });

  it('passes over pages with nothing on them, and does not take them for the end', async () => {
    const asked: (string | null)[] = [];
    let end = 12;
    await page.route(/\/api\/v1\/hints/, (route) => {
      const cursor = new URL(route.request().url()).searchParams.get('cursor');
      asked.push(cursor);
      const next = Number(cursor ?? 0) + 1;
      return route.fulfill({ json: { items: [], nextCursor: next < end ? String(next) : null } });
    });
    await open('/waiting?stage=reset');
    await page.getByText('Nothing on this page.').waitFor();
    expect(asked.slice(0, 10)).toEqual([null, '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Page 2').waitFor();
    await page.getByText('Nothing on this page.').waitFor();
    end = 3;
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByText('Nothing matches').waitFor();
  });

  it('counts how long ago by the time of the manager, where the browser is off by 3 min', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await puppet.close();
    await message();
    const offPage = await newPage(browser);
    for (const min of [-3, 3]) {
      await offPage.clock.setFixedTime(Date.now() + min * 60_000);
      await offPage.goto(`${manager.url}/console/waiting?corpId=${app.corpId}`);
      const row = offPage.getByRole('row').filter({ has: offPage.getByTitle(openKfId) });
      await row.waitFor();
      const since = await row.locator('time').first().textContent();
      expect(since).toMatch(/just now|\d sec\. ago/);
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
      await open('/waiting?state=dead');
      await page.getByRole('button', { name: 'Send all dead again' }).click();
      await page.getByText('None was sent again: what is dead has no bot').waitFor();
    });

    it('says which of many could not be sent, and leaves those as they are', async () => {
      await open(`/waiting?state=dead&corpId=${goneApp.corpId}`);
      for (const account of [gone, other, single]) await seeSoon(rowsOf(account));
      await page.getByRole('checkbox', { name: 'Select all' }).check();
      await page.getByText('3 selected').waitFor();
      await page.getByRole('button', { name: 'Send selected' }).click();
      const dialog = page.getByRole('dialog', { name: 'Send 3 entries now?' });
      await dialog.getByRole('button', { name: 'Send them' }).click();
      await dialog.getByText('3 of 3', { exact: true }).waitFor();
      await dialog.getByText('3 failed and stayed as they were.').waitFor();
      expect(await dialog.getByRole('listitem').count()).toBe(3);
      expect(await dialog.getByRole('listitem').first().textContent()).toContain('Nobody takes this account');
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await dialog.waitFor({ state: 'detached' });
      await rowsOf(gone).waitFor();
    });

    it('sends what is dead again, one, many or all, or drops it, after asking what would be lost', async () => {
      // Of this corp alone: what waits of the other tests is dead now, too.
      await open(`/waiting?state=dead&corpId=${goneApp.corpId}`);
      const [otherRow, singleRow] = [rowsOf(other), rowsOf(single)];
      await rowsOf(gone).getByText('The bot’s address cannot be used').waitFor();
      await otherRow.getByRole('button', { expanded: false }).click();
      await page.getByRole('button', { name: /^Drop:/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Drop what waits for 客服一号?' });
      expect(await dialog.textContent()).toContain(other);
      await dialog.getByRole('button', { name: 'Drop it' }).click();
      await seeSoon(otherRow, 'detached');
      await page.locator('h1:focus').waitFor();
      await restart();
      const arrived = bot.next();
      await singleRow.getByRole('button', { name: /^Send again/ }).click();
      await arrived;
      await seeSoon(singleRow, 'detached');
      const received = bot.next();
      await page.getByRole('button', { name: 'Send these again' }).click();
      await page.getByRole('dialog', { name: 'Send the dead events of 1 account again?' }).waitFor();
      await page.getByRole('button', { name: 'Send all', exact: true }).click();
      await page.getByText('1 account’s event is being sent again.').waitFor();
      await received;
      await seeSoon(page.getByText('Nothing matches'));
    });
  });
});
