/** Messages and streams as an operator sees them: that a message waits, and who is connected; never what a message says. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
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
import { StreamBot } from '../support/stream-bot.js';

const POISON = 'what a customer says, and refuses to be taken';
const NEXT = 'what waits behind it';

describeInBrowser('the console, with messages', () => {
  let browser: Browser;
  let scene: Scene;
  let wecom: Simulator;
  let page: Page;
  let bot: BotCreatedAnswer;
  let client: StreamBot | undefined;

  beforeAll(async () => {
    [browser, scene] = await Promise.all([
      openBrowser(),
      Scene.open({ accounts: ['售后'], customers: ['张三'], env: { MESSAGE_TRIES: '1' } }),
    ]);
    ({ wecom } = scene);
    bot = await scene.addBot({
      name: 'Laptop',
      openKfIds: [wecom.openKfId],
      kind: 'stream',
      takes: 'message',
    });
    page = await newPage(browser);
  });

  afterAll(async () => {
    await client?.close();
    await Promise.all([browser.close(), scene.close()]);
  });

  /** A client that refuses one message. */
  async function connect(): Promise<void> {
    client ??= await new StreamBot(scene.url, bot.key, {
      clientId: 'laptop-1',
      onEvent: (frame, self) =>
        self.send({ type: JSON.stringify(frame).includes(POISON) ? 'nack' : 'ack', id: frame.id }),
    }).ready();
  }

  const expectNothingSaid = async () => {
    const content = await page.content();
    expect([POISON, NEXT].filter((text) => content.includes(text))).toEqual([]);
  };

  it('shows that a message waits, its type and its age, and not what it says', async () => {
    for (const text of [POISON, NEXT]) wecom.say(text);
    await page.goto(`${scene.url}/console/waiting?kind=messages`);
    await page.setViewportSize({ width: 1440, height: 900 });
    const rows = page.getByRole('row').filter({ has: page.getByTitle(wecom.openKfId) });
    await seeSoon(rows.nth(1));
    expect(await rows.first().textContent()).toMatch(/text.*of a customer/);
    await expectNothingSaid();
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'console-messages');
  });

  it('shows which clients of a bot are connected, and what is under way', async () => {
    await page.goto(`${scene.url}/console/bots/${bot.id}`);
    await page.getByText('None is connected.').waitFor();
    await connect();
    const row = page.getByRole('listitem').filter({ hasText: 'laptop-1' });
    await seeSoon(row);
    await row.getByText('active').waitFor();
    await row.getByText(wecom.openKfId).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'console-bot-clients');
  });

  it('shows a dead message, which can be sent again or dropped', async () => {
    await connect();
    await page.goto(`${scene.url}/console/waiting?kind=messages&state=dead`);
    const row = page.getByRole('row').filter({ has: page.getByTitle(wecom.openKfId) });
    await seeSoon(row);
    await row.getByRole('button', { name: /^Send again/ }).waitFor();
    await row.getByRole('button', { expanded: false }).click();
    await page.getByRole('button', { name: /^Drop:/ }).waitFor();
    await expectNothingSaid();
    await page.getByRole('button', { name: 'Send all dead again' }).click();
    const question = page.getByRole('dialog', { name: 'Send 1 dead message again?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: /^Drop:/ }).click();
    const dialog = page.getByRole('dialog', { name: /^Drop/ });
    await dialog.getByText(/is lost for good/).waitFor();
    await dialog.getByRole('button', { name: /^Drop/ }).click();
    await seeSoon(page.getByText('No message is dead'));
  });
});
