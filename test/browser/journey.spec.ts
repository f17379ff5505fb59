/** The parts of `npm run demo` with two people looking on: a customer on WeCom's side, an operator on the manager's. */
import { afterAll, beforeAll, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { Cast } from '../../packages/simulator/demo/cast.js';
import { describeInBrowser, newPage, openBrowser, screenshot, seeSoon } from '../support/browser.js';

describeInBrowser('a customer and an operator', () => {
  let browser: Browser;
  let cast: Cast;
  let customer: Page;
  let operator: Page;

  beforeAll(async () => {
    [browser, cast] = await Promise.all([openBrowser(), Cast.gather(process.cwd())]);
    await cast.startManager();
    [customer, operator] = [await newPage(browser), await newPage(browser)];
    await Promise.all([
      customer.goto(cast.simulator.url),
      operator.goto(`${cast.managerUrl}/console/apps/connect`),
    ]);
  });

  afterAll(async () => {
    await browser.close();
    await cast.close();
  });

  async function write(text: string): Promise<void> {
    await customer.getByLabel('Message', { exact: true }).fill(text);
    await customer.keyboard.press('Enter');
  }

  const reply = (text: string): Locator =>
    customer
      .getByRole('list', { name: 'Conversation' })
      .getByRole('listitem')
      .filter({ hasText: 'Bot' })
      .getByText(`Echo: ${text}`, { exact: true });

  const goTo = (page: string) =>
    operator.getByRole('navigation').getByRole('link', { name: page }).first().click();

  /** Somebody who saves again where the answer took longer than WeCom waits. */
  async function saveCallback(): Promise<void> {
    const result = customer.getByText(/Saved: the URL answered in|there was no answer within 1 s/);
    do {
      await customer.getByRole('button', { name: 'Save' }).click();
      await result.waitFor();
    } while (!(await result.textContent())?.includes('Saved'));
  }

  it('connect an app: each step turns green as it is done', async () => {
    const step = (text: string) => operator.getByRole('listitem').filter({ hasText: text });
    const shown = (label: string) => operator.getByLabel(label, { exact: true }).inputValue();
    await operator.getByLabel('Corp id').fill(cast.simulator.corpId);
    await operator.getByRole('button', { name: 'Generate token and key' }).click();
    await step('WeCom has verified the callback URL (not yet)').waitFor();

    await customer.getByRole('button', { name: 'Setup' }).click();
    for (const label of ['URL', 'Token', 'EncodingAESKey'])
      await customer.getByLabel(label, { exact: true }).fill(await shown(label));
    await saveCallback();
    await seeSoon(step('WeCom has verified the callback URL (done)'));
    await step('A bot was added, or a puppet has registered (not yet)').waitFor();

    await cast.startPuppet();
    await seeSoon(step('A bot was added, or a puppet has registered (done)'));
    await step('An event was delivered (not yet)').waitFor();

    await write('Hello?');
    await reply('Hello?').waitFor();
    await seeSoon(step('An event was delivered (done)'));
    await operator.getByText('its events reach their bots').waitFor();
    await screenshot(operator, 'journey-connected');
  });

  it('see a message go through, on both sides', async () => {
    await goTo('Log');
    const rows = operator.getByRole('row', { name: /Taken/ });
    await rows.first().waitFor();
    await customer.getByRole('button', { name: 'Callbacks' }).click();
    await write('How are you?');
    await reply('How are you?').waitFor();
    const before = await rows.count();
    await operator.getByRole('button', { name: '1 new' }).click();
    await seeSoon(rows.nth(before));
    await screenshot(customer, 'journey-customer');
    await customer.getByRole('button', { name: '中文' }).click();
    await screenshot(customer, 'journey-customer-zh');
    await customer.getByRole('button', { name: 'English' }).click();
    await screenshot(operator, 'journey-log');
  });

  it('see why a message waits while the puppet is dead, and that it arrives when it is back', async () => {
    await cast.puppet?.stop('SIGKILL');
    await write('Are you there?');
    await goTo('Accounts');
    const row = operator
      .getByRole('row')
      .filter({ has: operator.locator(`[href$="${cast.simulator.openKfId}"]`) });
    await seeSoon(row.getByText(/Waiting|Failing/));
    await row.getByRole('link').first().click();
    await operator
      .getByText(/cannot reach the bot|bot’s address fails/)
      .first()
      .waitFor();
    await operator.getByText('Is the bot running?').first().waitFor();
    await screenshot(operator, 'journey-waiting');

    await cast.startPuppet();
    await reply('Are you there?').waitFor();
    await seeSoon(operator.getByText('Working', { exact: true }).first());
    await goTo('Overview');
    await seeSoon(operator.getByRole('status').getByText('Customers are being answered'));
  });
});
