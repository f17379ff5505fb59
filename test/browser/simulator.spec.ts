/** The page of the local WeCom, in Chromium: one writes as a customer and sees what the bot makes of it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seriousViolations,
} from '../support/browser.js';
import { CallbackReceiver } from '../support/callback-receiver.js';
import { PNG, SimulatorClient } from '../support/simulator.js';

describeInBrowser('the page of the local WeCom', () => {
  let browser: Browser;
  let client: SimulatorClient;
  let bot: CallbackReceiver;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    page = await newPage(browser);
  });

  afterAll(() => browser.close());

  beforeEach(async () => {
    client = await SimulatorClient.start({
      accounts: ['售前客服', '售后客服'],
      customers: ['张三', 'Amy'],
      pageDir: 'packages/simulator/dist/page',
    });
    bot = await CallbackReceiver.start(client.simulator);
    await page.goto(client.simulator.url);
  });

  afterEach(async () => {
    await client.close();
    await bot.close();
  });

  const write = async (text: string) => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
  };
  const bubbles = () => page.getByRole('list', { name: 'Conversation' }).getByRole('listitem');

  it('shows what a customer writes, its callback, and the reply of a bot', async () => {
    const arrival = bot.next();
    await write('你好，有人吗？');
    const { syncToken, openKfId } = await arrival;
    await client.sync({ token: syncToken, open_kfid: openKfId });
    await client.sendText('您好！请问有什么可以帮您？');
    await bubbles().getByText('您好！请问有什么可以帮您？').waitFor();
    expect(await bubbles().count()).toBe(2);
    await page.getByText('taken', { exact: true }).waitFor();
    await page.getByText('#1').waitFor();
    await page.getByText('4 / 5').waitFor();
    await page.getByRole('button', { name: 'API calls' }).click();
    await page.getByText('POST kf/send_msg', { exact: true }).waitFor();
  });

  it('leads from a message to its callback, to the call that fetched it, and from a reply to its call', async () => {
    const arrival = bot.next();
    await write('where is it?');
    const { syncToken, openKfId } = await arrival;
    await client.sync({ token: syncToken, open_kfid: openKfId });
    await client.sendText('here');
    const followed = page.locator('.records > .followed');
    await bubbles().first().getByRole('button', { name: 'callback 1' }).click();
    await followed.getByText('where is it?').waitFor();
    await followed.getByRole('button', { name: /^call \d+$/ }).click();
    await followed.getByText('POST kf/sync_msg', { exact: true }).waitFor();
    await bubbles()
      .last()
      .getByRole('button', { name: /^call \d+$/ })
      .click();
    await followed.getByText('POST kf/send_msg', { exact: true }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  });

  it('shows pictures, links and menus, and what is clicked in a menu', async () => {
    client.simulator.say('show me');
    const { media_id } = await client.upload('image', PNG, 'a.png');
    await client.send({ msgtype: 'image', image: { media_id } });
    const link = {
      title: 'Price list',
      desc: 'All of 2026',
      url: 'https://example.com/',
      thumb_media_id: media_id,
    };
    await client.send({ msgtype: 'link', link });
    const list = [
      { type: 'click', click: { id: '101', content: 'Satisfied' } },
      { type: 'click', click: { id: '102', content: 'Not satisfied' } },
    ];
    await client.send({
      msgtype: 'msgmenu',
      msgmenu: { head_content: 'Were you helped?', list, tail_content: 'Thank you' },
    });
    await page.getByRole('img', { name: 'Picture' }).waitFor();
    await page.getByRole('link', { name: 'Price list All of 2026' }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Satisfied', exact: true }).click();
    await bubbles().nth(4).waitFor();
    expect((await client.sync()).msg_list.at(-1).text).toEqual({ content: 'Satisfied', menu_id: '101' });
  });

  it('keeps the composer in sight, however long the conversation', async () => {
    for (let said = 0; said < 30; said += 1) client.simulator.say(`message ${said}`);
    await bubbles().getByText('message 29').waitFor();
    for (const width of [1_100, 1_280, 1_920]) {
      await page.setViewportSize({ width, height: 720 });
      const box = await page.getByLabel('Message', { exact: true }).boundingBox();
      expect((box?.y ?? Number.NaN) + (box?.height ?? 0)).toBeLessThanOrEqual(720);
      const part = 'document.documentElement.scrollHeight <= document.documentElement.clientHeight';
      expect([width, await page.evaluate(part)]).toEqual([width, true]);
    }
    await page.setViewportSize({ width: 1_280, height: 800 });
  });

  it('tells each customer and account apart', async () => {
    await write('from the first');
    await page.getByRole('button', { name: 'Amy' }).click();
    await page.getByLabel('KF account').selectOption('售后客服');
    await write('from Amy');
    await bubbles().getByText('from Amy').waitFor();
    expect(await bubbles().count()).toBe(1);
    await page.getByLabel('New customer').fill('李四');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /李四.*售后客服/ }).waitFor();
    const { url, accounts } = client.simulator;
    await page.goto(`${url}/?openKfId=${accounts[1]?.openKfId}`);
    await page.getByRole('heading', { name: /张三.*售后客服/ }).waitFor();
  });

  it('is ready to be written to, and marks customers whose replies nobody has seen', async () => {
    const message = page.getByLabel('Message', { exact: true });
    await message.waitFor();
    await page.keyboard.type('from the first');
    await page.keyboard.press('Enter');
    await bubbles().getByText('from the first').waitFor();
    await page.getByRole('button', { name: 'Amy' }).click();
    await client.sendText('a reply');
    await page.getByRole('button', { name: '张三 1 not read yet' }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'simulator-unread');
    await page.getByRole('button', { name: '张三 1 not read yet' }).click();
    await bubbles().getByText('a reply').waitFor();
    await page.getByRole('button', { name: '张三', exact: true }).waitFor();
    await page.keyboard.type('seen');
    expect(await message.inputValue()).toBe('seen');
  });

  it('saves a callback URL that answers, and says what is wrong with one that does not', async () => {
    await page.getByRole('button', { name: 'Setup' }).click();
    const url = page.getByLabel('URL', { exact: true });
    const good = await url.inputValue();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy: URL', exact: true }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(good);
    expect(await page.getByText('not saved yet').count()).toBe(0);
    await url.fill('http://127.0.0.1:9/callback');
    await page.getByText('not saved yet').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('ECONNREFUSED').waitFor();
    await page.getByText('not saved yet').waitFor();
    await page.getByText('openapi回调地址请求不通过').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await url.fill(good);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved: the URL answered in').waitFor();
    await page.getByText('not saved yet').waitFor({ state: 'detached' });
    const token = page.getByLabel('Token', { exact: true });
    const before = await token.inputValue();
    await page.getByRole('button', { name: 'Random: Token' }).click();
    expect(await token.inputValue()).toMatch(/^[A-Za-z0-9]{24}$/);
    expect(await token.inputValue()).not.toBe(before);
  });

  it('has a form for the callback URL of each of several apps, and says whose each callback and call is', async () => {
    // The keys that the bot has.
    const { url, token, encodingAESKey } = client.simulator.callback;
    await client.close();
    client = await SimulatorClient.start({
      apps: [
        { name: '销售', accounts: ['售前客服'] },
        { name: '服务', accounts: ['售后客服'], token, encodingAESKey },
      ],
      pageDir: 'packages/simulator/dist/page',
    });
    const [, service] = client.simulator.apps;
    await page.goto(client.simulator.url);
    await page.getByText('销售 · No callback URL is saved').waitFor();
    await page.getByRole('button', { name: 'Setup' }).click();
    const form = page.getByRole('form', { name: '服务 · Callback URL' });
    await form.getByLabel('URL', { exact: true }).fill(url);
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Saved: the URL answered in').waitFor();
    expect([client.simulator.app.saved, service?.saved]).toEqual([null, { url, token, encodingAESKey }]);
    await page.getByText('服务 · 可管理的客服账号').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await client.call('kf/account/list');
    await page.getByRole('button', { name: 'API calls' }).click();
    await page.getByText('销售 · 2 ·').waitFor();
  });

  it('switches faults, and revokes the access token', async () => {
    await client.accessToken();
    await page.getByRole('button', { name: 'Faults' }).click();
    await page.getByLabel('API busy (-1)').check();
    await page.getByRole('button', { name: 'Revoke the access token' }).click();
    await page.getByText('Revoked: the next call is answered 40014.').waitFor();
    expect((await client.getToken()).errcode).toBe(-1);
    expect(await seriousViolations(page)).toEqual([]);
  });

  it('shows each re-send, and what the API refused', async () => {
    bot.behave((_request, response) => void response.writeHead(503).end('down'));
    await write('hello?');
    for (let number = 1; number <= 4; number += 1) {
      await page.getByRole('rowheader', { name: `Attempt ${number}` }).waitFor();
      await client.clock.advance(5_000);
    }
    await page.getByText('given up').waitFor();
    await screenshot(page, 'simulator-resends');
    for (let sent = 0; sent < 6; sent += 1) await client.sendText(`${sent}`);
    await page.getByRole('button', { name: 'API calls' }).click();
    await page.getByText('send msg count limit', { exact: true }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  });

  it('lets one be customer and servicer side by side: wait, take, write, hand over, end', async () => {
    const ids = { open_kfid: client.openKfId, external_userid: client.customerId };
    await page.getByRole('button', { name: 'Servicers' }).click();
    await write('a person, please');
    await bubbles().getByText('a person, please').waitFor();
    await client.call('kf/service_state/trans', { ...ids, service_state: 2 });
    const take = page.getByRole('button', { name: 'Take over: 张三' });
    await take.waitFor();
    await screenshot(page, 'simulator-pool');
    expect(await seriousViolations(page)).toEqual([]);
    await take.click();
    await page.getByLabel('Reply as the servicer').fill('How can I help?');
    await page.keyboard.press('Enter');
    await bubbles().getByText('How can I help?').waitFor();
    await bubbles().getByText('Servicer zhangsan').waitFor();
    await page.getByRole('button', { name: 'Hand over' }).click();
    await bubbles().getByText('change_type: 2').waitFor();
    expect(await page.getByRole('button', { name: 'End session' }).isDisabled()).toBe(true);
    await page.getByLabel('I am').selectOption('lisi');
    expect(await isWhole(page, 'End session')).toBe(true);
    await screenshot(page, 'simulator-servicers');
    expect(await seriousViolations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await seriousViolations(page, 'colours')).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '待接入池' }).waitFor();
    await screenshot(page, 'simulator-servicers-zh');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: 'End session' }).click();
    await page.locator('.desk').getByText('4 · ended or not begun').waitFor();
    await page.getByLabel('Status').selectOption('suspended');
    await bubbles().getByText('change_type: 3').waitFor();
    await page.getByRole('option', { name: 'lisi (suspended)' }).waitFor({ state: 'attached' });
    const { msg_list } = await client.sync();
    expect(msg_list.map(({ event }: { readonly event?: object }) => event)).toMatchObject([
      undefined,
      { change_type: 1, new_servicer_userid: 'zhangsan' },
      undefined,
      { change_type: 2, new_servicer_userid: 'lisi' },
      { change_type: 3, old_servicer_userid: 'lisi' },
      { event_type: 'servicer_status_change', servicer_userid: 'lisi', status: 2, stop_type: 1 },
    ]);
  });

  it('sets a native welcome, and lets a message of the bot fail', async () => {
    await page.getByRole('button', { name: 'Setup' }).click();
    await page.getByLabel('Native welcome').fill('Welcome!');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Enter the conversation' }).click();
    await bubbles().getByText('Welcome!').waitFor();
    await write('hi');
    await page.getByRole('button', { name: 'Faults' }).click();
    await page.getByLabel('The bot’s next message to this customer fails later').selectOption('5');
    await page.getByRole('button', { name: 'Let it fail' }).click();
    await page.getByRole('button', { name: 'It will fail' }).waitFor();
    await client.sendText('lost');
    await bubbles().getByText('fail_type: 5').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  });

  it('says that the simulator is gone', async () => {
    await page.getByLabel('Message', { exact: true }).waitFor();
    await client.close();
    await page.getByText('The simulator does not answer. The page connects again by itself.').waitFor();
    client = await SimulatorClient.start();
  });

  it('can be read in the light and in the dark, on a phone and in Chinese', async () => {
    const { simulator } = client;
    simulator.corp.enter(simulator.openKfId, simulator.firstCustomerId, 'shop');
    simulator.say('你好，我的订单什么时候发货？');
    await client.sync();
    await client.sendText('您好！订单 20261126 今天下午发货，预计 11 月 28 日送达。');
    const { media_id } = await client.upload('image', PNG, 'a.png');
    const link = {
      title: '物流详情',
      desc: '点击查看最新状态',
      url: 'https://example.com/',
      thumb_media_id: media_id,
    };
    await client.send({ msgtype: 'link', link });
    await page.getByText('物流详情').waitFor();
    await screenshot(page, 'simulator-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'simulator-dark');
    await page.emulateMedia({ colorScheme: 'light' });
    const phone = await newPage(browser, { phone: true, locale: 'zh-CN' });
    await phone.goto(simulator.url);
    await phone.getByText('物流详情').waitFor();
    expect(await seriousViolations(phone)).toEqual([]);
    await screenshot(phone, 'simulator-phone');
    await phone.context().close();
  });
});

/** Beside the button before it, and nothing of it outside the panel. */
async function isWhole(page: Page, name: string): Promise<boolean> {
  const button = await page.getByRole('button', { name }).boundingBox();
  const before = await page.getByRole('button', { name: 'Take over', exact: true }).boundingBox();
  const panel = await page.locator('.panel').boundingBox();
  if (button === null || before === null || panel === null) return false;
  return button.y === before.y && button.x + button.width <= panel.x + panel.width;
}
