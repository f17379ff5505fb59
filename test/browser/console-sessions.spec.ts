/** How a bot and people share customers: set up in the console, and seen there while a customer waits for a person. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type {
  BotAnswer,
  BotCreatedAnswer,
  LoggedDeliveryPageAnswer,
} from '../../packages/console/src/api/answers.gen.js';
import { pathOf } from '../../packages/console/src/shell/paths.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seeSoon,
  seriousViolations,
} from '../support/browser.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';
import { keepsInside, LOOKS, openAs } from './looks.js';

const WAITING = 'One moment, a colleague will be with you.';

describeInBrowser('the console, with sessions', () => {
  let browser: Browser;
  let scene: Scene;
  let wecom: Simulator;
  let page: Page;
  let bot: BotCreatedAnswer;

  beforeAll(async () => {
    [browser, scene] = await Promise.all([
      openBrowser(),
      Scene.open({ accounts: ['售后'], customers: ['张三', '李四'], env: { PEOPLE_WAIT_ALARM_S: '1' } }),
    ]);
    ({ wecom } = scene);
    bot = await scene.addBot({ openKfIds: [wecom.openKfId], kind: 'stream', takes: 'message' });
    page = await newPage(browser);
    page.setDefaultTimeout(6_000);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  afterAll(async () => {
    await Promise.all([browser.close(), scene.close()]);
  });

  const group = (name: string) => page.getByRole('group', { name, exact: true });
  const box = (name: string) => page.getByRole('textbox', { name, exact: true });
  const preview = (of: string) => page.getByRole('figure', { name: `${of}, as the customer sees it` });
  const save = () => page.getByRole('button', { name: 'Save sessions' }).click();
  const sessionNow = async () => (await scene.ask<BotAnswer>('GET', `/api/v1/bots/${bot.id}`)).session;

  async function outcomes(): Promise<readonly string[]> {
    const path = `/api/v1/deliveries?openKfId=${wecom.openKfId}`;
    const { items } = await scene.ask<LoggedDeliveryPageAnswer>('GET', path);
    return items.map(({ outcome }) => outcome);
  }

  async function addTags(label: string, ...tags: readonly string[]): Promise<void> {
    for (const tag of tags) {
      await page.getByLabel(label, { exact: true }).fill(tag);
      await page.keyboard.press('Enter');
    }
    await page.keyboard.press('Escape');
  }

  it('names accounts on the overview as WeCom does, before anybody has looked at the list of accounts', async () => {
    const pause = (paused: boolean) => scene.ask('PATCH', `/api/v1/bots/${bot.id}`, { paused });
    await pause(true);
    wecom.say('Hello');
    await page.goto(`${scene.url}/console`);
    const row = page.getByRole('row', { name: /Support bot/ });
    await seeSoon(row.getByText('售后', { exact: true }).filter({ visible: true }));
    await pause(false);
  });

  it('sets up welcome, hand-over, hours and end, each shown as the customer sees it', async () => {
    await page.goto(scene.url + pathOf.botSessions(bot.id));
    await page.getByLabel('Share customers with people').check();

    const welcome = group('Welcome');
    await welcome.getByText('Menu', { exact: true }).click();
    await welcome.getByLabel('Above the choices').fill('Hello! How can we help?');
    await welcome.getByLabel('Choice', { exact: true }).fill('Talk to a person');
    await welcome.getByLabel('What it does').click();
    await page.getByTitle('Sends text and id').click();
    await welcome.getByLabel('Id', { exact: true }).fill('people');
    await preview('Welcome').getByText('Hello! How can we help?').waitFor();
    await preview('Welcome').getByRole('listitem').filter({ hasText: 'Talk to a person' }).waitFor();

    await page.getByLabel('Customers can ask for a person').check();
    await addTags('Keywords', '人工', 'agent');
    await addTags('Ids of choices', 'people');
    await box('While the customer waits').fill(WAITING);
    expect(await preview('While the customer waits').locator('p').allTextContents()).toEqual([
      '人工',
      WAITING,
    ]);

    await page.getByLabel('People serve only at certain hours').check();
    await page.getByLabel('Time zone').fill('Asia/Shanghai');
    await box('Until').fill('24:00');
    for (const day of ['Sat', 'Sun']) await page.getByLabel(day, { exact: true }).check();
    await box('From').fill('00:00');
    await box('At other times').fill('We are back soon.');

    await group('End').getByText('Text', { exact: true }).click();
    await group('End').getByRole('textbox', { name: 'Text' }).fill('Thank you.');
    expect(await seriousViolations(page)).toEqual([]);
    await save();
    await page.getByText('The sessions of Support bot are saved.').waitFor();
    expect(await sessionNow()).toEqual({
      welcome: {
        menu: { head: 'Hello! How can we help?', choices: [{ text: 'Talk to a person', id: 'people' }] },
      },
      people: { keywords: ['人工', 'agent'], menuIds: ['people'], to: 'pool', waiting: WAITING },
      hours: {
        timeZone: 'Asia/Shanghai',
        open: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
        closed: 'We are back soon.',
      },
      ended: { text: 'Thank you.' },
    });
    await page.reload();
    await preview('End').getByText('Thank you.').waitFor();
    await preview('Welcome').getByText('Talk to a person').waitFor();
  });

  it('says at its field what the manager refuses', async () => {
    await page.getByLabel('Time zone').fill('Asia/Nowhere');
    await page.getByText('Certain people').click();
    await save();
    await page.getByText('There is no such time zone.').waitFor();
    await page.getByText('It needs 1 to 100 different entries').waitFor();
    expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true');
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'sessions-refused');
    await page.reload();
    await preview('End').getByText('Thank you.').waitFor();
  });

  it('counts customers, and names the account where one waits for a person', async () => {
    wecom.say('人工');
    await page.goto(scene.url + pathOf.account(wecom.corpId, wecom.openKfId));
    const customers = page.getByLabel('Its customers of the last 48 hours');
    await seeSoon(customers.getByText(/^1 · longest/));
    await page.goto(`${scene.url}/console`);
    const counters = page.getByLabel('Customers whom bots and people share, of the last 48 hours');
    await seeSoon(counters.getByText('1', { exact: true }));
    const cause = page.getByRole('button', { name: /customers wait for a person/ });
    await seeSoon(cause);
    await cause.click();
    await page.getByText(/Somebody has to take them out of the pool/).waitFor();
    await page.getByRole('link', { name: 'Open account' }).waitFor();
  });

  it('has in the log that a customer was welcomed, and what became of messages for people', async () => {
    wecom.say('hello?');
    wecom.corp.enter(wecom.openKfId, wecom.customers[1]?.externalUserId ?? '');
    await until(async () => (await outcomes()).includes('people'));
    await until(async () => (await outcomes()).includes('welcome'));
    await page.goto(scene.url + pathOf.logOfAccount(wecom.openKfId));
    const row = (name: string) => page.getByRole('row').filter({ hasText: name }).first();
    await row('Handed over').getByText('the customer asked for a person').waitFor();
    await row('To people').getByText('a person had the customer').waitFor();
    await row('Welcomed').getByText('Text to the customer').waitFor();
    expect(await page.content()).not.toContain('hello?');
  });

  describe.each(LOOKS)('in $locale, dark: $dark', (look) => {
    it.each([
      ['sessions', () => pathOf.bot(bot.id), '.chat .bubble'],
      ['overview-sessions', () => '/console', '.counters dl:nth-child(3)'],
      ['account-sessions', () => pathOf.account(wecom.corpId, wecom.openKfId), '.cards dl'],
      ['log-sessions', () => pathOf.logOfAccount(wecom.openKfId), 'td'],
    ])('keeps %s inside the window, open to all', async (name, path, part) => {
      const own = await openAs(browser, look);
      await own.goto(scene.url + path());
      await own.locator(part).first().waitFor();
      await keepsInside(own, name, look);
      await own.context().close();
    });
  });
});
