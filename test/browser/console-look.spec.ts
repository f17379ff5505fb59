/** Every page with something on it: nobody is barred from it in light or dark, and pictures of it are kept. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { HistoryAnswer } from '../../src/insight/figures/history-answer.dto.js';
import { newCause } from '../../src/insight/answers/cause.js';
import type { ReceiversAnswer } from '../../src/notifications/notification.dto.js';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seriousViolations,
} from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, postJson, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, sendMessage } from '../support/wecom.js';

const app = newApp('ww7f3e9a1c5b2d8064');
const ACCOUNTS = {
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTA: '售前咨询',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTB: '售后服务',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTC: 'Support (English)',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTD: '会员中心',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTE: '投诉建议',
};
const [HEALTHY, TOO, , DOWN, DEAD] = Object.keys(ACCOUNTS) as [string, string, string, string, string];

/** By name, with something that is there once a page has what it shows. */
const PAGES = {
  overview: { path: '', seen: 'figure svg' },
  'kf-accounts': { path: '/kf-accounts', seen: 'tbody tr' },
  'kf-account': { path: `/kf-accounts/${DOWN}`, seen: '.card' },
  outbox: { path: '/outbox', seen: 'tbody tr' },
  dead: { path: '/outbox?state=dead', seen: 'tbody tr' },
  live: { path: '/live', seen: 'tbody tr' },
  apps: { path: '/apps', seen: '.card' },
  connect: { path: '/apps/connect', seen: 'form' },
  bots: { path: '/bots', seen: '.card' },
  'add-bot': { path: '/bots/add', seen: 'form' },
  'wecom-errors': { path: '/wecom-errors', seen: 'tbody tr' },
  'no-such-page': { path: '/no-such-page', seen: 'main a.button' },
};

/** Of which pictures are kept, beside those of all pages in light. */
const DARK = new Set(['overview', 'kf-accounts']);
const PHONE = new Set(['overview', 'kf-accounts']);
const CHINESE = new Set(['overview', 'kf-account', 'connect']);

describeInBrowser('the look of the console', () => {
  const place = embeddedPlace();
  const servers: PuppetServer[] = [];
  let browser: Browser;
  let manager: ManagerProcess;
  let page: Page;
  let phone: Page;

  async function serve(answer: string): Promise<PuppetServer> {
    const server = await startPuppetServer((_request, response) => response.end(answer));
    servers.push(server);
    return server;
  }

  async function registerAt(openKfId: string, endpoint: string): Promise<void> {
    const name = ACCOUNTS[openKfId as keyof typeof ACCOUNTS];
    const registration = { ...registrationOf(app, openKfId, endpoint), kfName: name };
    const { status } = await postJson(`${manager.url}/puppetWxkfManager/register`, registration);
    expect(status).toBe(200);
  }

  beforeAll(async () => {
    const [puppet, wecom] = [await serve('success'), await serve('{"errcode":40001,"errmsg":"invalid"}')];
    const env = { ...place.env, ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken` };
    [browser, manager] = await Promise.all([openBrowser(), startManager(env)]);
    await registerAt(DEAD, 'http://127.0.0.2:8080');
    await manager.stop();
    manager = await startManager({ ...env, PUPPET_ENDPOINT_ALLOW: '127.0.0.1' });
    for (const openKfId of Object.keys(ACCOUNTS)) {
      if (openKfId !== DEAD) await registerAt(openKfId, openKfId === DOWN ? await refusedUrl() : puppet.url);
    }
    for (const openKfId of [HEALTHY, TOO, HEALTHY, DOWN, DEAD]) await sendMessage(manager.url, app, openKfId);
    const refused = new URLSearchParams({ corpid: app.corpId, corpsecret: 'none-that-was-asked-about' });
    await fetch(`${manager.url}/puppetWxkfManager/getToken?${refused}`);
    await postJson(`${manager.url}/api/v1/apps`, { corpId: app.corpId, name: '客服机器人' });
    await postJson(`${manager.url}/api/v1/bots`, {
      ...{ name: '售后机器人', corpId: app.corpId, openKfIds: ['*'], kind: 'callback' },
      callback: { url: `${puppet.url}/wxkf/` },
    });
    [page, phone] = await Promise.all([newPage(browser), newPage(browser, { locale: 'zh-CN', phone: true })]);
    // Colours change at once then.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    for (const one of [page, phone])
      await one.route('**/api/v1/history?*', (route) =>
        route.fulfill({ json: { intervalS: 60, isStored: true, items: pointsOfLastHour() } }),
      );
    for (const one of [page, phone])
      await one.route('**/api/v1/notifications', (route) => route.fulfill({ json: { items: receivers() } }));
    await Promise.all([page, phone].map((one) => one.goto(`${manager.url}/console/no-such-page`)));
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop(), ...servers.map((server) => server.close())]);
    await place.discard();
  });

  /** As a link leads there, by way of a page on which nothing of the one before is left. */
  async function show(one: Page, { path, seen }: { path: string; seen: string }): Promise<void> {
    for (const to of [PAGES['no-such-page'], { path, seen }]) {
      await one.evaluate(`history.pushState(null, '', '/console${to.path}')`);
      await one.evaluate('dispatchEvent(new PopStateEvent("popstate"))');
      if (to.path === '/live') {
        // Shows only what comes from then on.
        await one.locator('.stream-state.good').waitFor();
        await sendMessage(manager.url, app, HEALTHY);
      }
      await one.locator(to.seen).first().waitFor();
    }
  }

  it.each(Object.entries(PAGES))(
    'bars nobody from %s, in light or dark or on 320 px',
    async (name, shown) => {
      await show(page, shown);
      await screenshot(page, `console-${name}-light`);
      expect(await seriousViolations(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await seriousViolations(page, 'colours')).toEqual([]);
      if (DARK.has(name)) await screenshot(page, `console-${name}-dark`);
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 320, height: 640 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  );

  it.each(Object.entries(PAGES))('shows %s in Chinese, and whole on a phone', async (name, shown) => {
    await show(phone, shown);
    expect(await phone.evaluate('document.documentElement.lang')).toBe('zh-CN');
    await phone.waitForFunction(String.raw`/\p{Script=Han}.* · WXKF-Manager$/u.test(document.title)`);
    // Not `innerWidth`, which a phone's page widens when it does not fit.
    const { width, height } = phone.viewportSize() ?? { width: 0, height: 0 };
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    if (PHONE.has(name)) await screenshot(phone, `console-${name}-phone`);
    if (!CHINESE.has(name)) return;
    await phone.setViewportSize({ width: 1280, height: 800 });
    await screenshot(phone, `console-${name}-zh`);
    await phone.setViewportSize({ width, height });
  });

  it('has a chart over the whole width, and two side by side', async () => {
    await show(page, PAGES.overview);
    await page.locator('figure svg').nth(2).waitFor();
    const [whole, one, other] = await Promise.all(
      (await page.locator('figure svg').all()).map((element) => element.boundingBox()),
    );
    expect([one?.y, one?.height]).toEqual([other?.y, other?.height]);
    expect(whole?.width).toBeGreaterThan((one?.width ?? 0) + (other?.width ?? 0));
  });

  it('says who is told what needs attention, what was told last, and why a message failed', async () => {
    await show(page, PAGES.overview);
    const told = page.getByRole('region', { name: 'Who is told' });
    const [robot, webhook] = [told.getByRole('listitem').first(), told.getByRole('listitem').last()];
    await robot.getByText('qyapi.weixin.qq.com').waitFor();
    await robot.getByText(/^Last told .*: over: 2 accounts wait for 10\.0\.0\.7:8080$/).waitFor();
    await webhook.getByText('Last message failed').waitFor();
    await webhook.getByText('it answered with HTTP status 500').waitFor();
    await show(phone, PAGES.overview);
    await phone.getByText(/^最近一次通知.*：已恢复：2 个客服账号等待 10\.0\.0\.7:8080$/).waitFor();
    await page.unroute('**/api/v1/notifications');
    await show(page, PAGES.overview);
    await told.getByText('NOTIFY_URL is not set').waitFor();
  });

  it('says in Chinese on a Chinese page what the manager refused, and shows its own words as such', async () => {
    await show(phone, PAGES.connect);
    await phone.getByLabel('企业 ID').fill('no corp');
    await phone.keyboard.press('Enter');
    await phone.getByText('管理器的说明（英文）：').waitFor();
    await phone.getByText('填写的内容不符合要求，具体字段见下文。').waitFor();
    expect(await phone.locator('.problem [lang=en]').textContent()).toContain('corpId');
  });

  it('has one line for each row of the outbox, under a head that stays, and the rest when it is opened', async () => {
    await page.setViewportSize({ width: 1440, height: 800 });
    await show(page, PAGES.outbox);
    const row = page.locator('tbody tr').first();
    const heightOf = async () => (await row.boundingBox())?.height ?? 0;
    const position = 'getComputedStyle(document.querySelector("thead th")).position';
    expect(await page.evaluate(position)).toBe('sticky');
    const closed = await heightOf();
    expect(closed).toBeLessThan(52);
    await row.locator('summary').click();
    await row.getByText('What to do').waitFor();
    await row.getByText(/^Waits since /).waitFor();
    expect(await heightOf()).toBeGreaterThan(closed);
    for (const width of [1440, 320]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('keeps the language and the colours that were chosen', async () => {
    await show(page, PAGES.outbox);
    await page.getByLabel('Language').selectOption('中文');
    await page.getByRole('heading', { name: '投递队列' }).waitFor();
    expect(await page.title()).toBe('投递队列 · WXKF-Manager');
    await page.getByLabel('外观').selectOption('深色');
    await page.reload();
    await page.getByRole('heading', { name: '投递队列' }).waitFor();
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(15, 19, 23)');
  });
});

function receivers(): ReceiversAnswer['items'] {
  const at = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  const place = { address: '10.0.0.7:8080', port: 8_080, corpId: app.corpId };
  const cause = newCause('waiting', 2, { since: at(9), why: 'connect', ...place });
  return [
    {
      ...{ id: 'a', kind: 'robot', host: 'qyapi.weixin.qq.com', troubles: 0, failedAt: null, failure: null },
      ...{ toldAt: at(5), told: [{ cause, isOver: true }] },
    },
    {
      ...{ id: 'b', kind: 'webhook', host: 'hooks.example.com', troubles: 1, toldAt: null, told: [] },
      ...{ failedAt: at(1), failure: 'it answered with HTTP status 500' },
    },
  ];
}

/** As of a manager that has run for long: charts have something to show. */
function pointsOfLastHour(): HistoryAnswer['items'] {
  return Array.from({ length: 60 }, (_, n) => {
    const callbacks = 120 + Math.round(70 * Math.sin(n / 5)) + (n % 7);
    const kept = n > 33 && n < 39 ? 36 : 0;
    return {
      at: new Date(Date.now() - (59 - n) * 60_000).toISOString(),
      delivered: callbacks - kept,
      deliveredLater: n > 38 && n < 41 ? 18 : 0,
      kept,
      refused: n % 10 === 0 ? 12 : 0,
      notTaken: n === 35 ? 5 : 0,
      buried: n === 50 ? 1 : 0,
      failedAttempts: kept,
      starts: n === 30 ? 1 : 0,
      waiting: n > 33 ? Math.min(n - 33, 12) : 0,
      dead: n > 50 ? 1 : 0,
    };
  });
}
