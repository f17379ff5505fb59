/** The overview with something on it, in every width, theme and language: inside the window, by the CSP, open to everybody. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { HistoryAnswer } from '../../src/api/log/history-answer.dto.js';
import type { StatusAnswer } from '../../packages/console/src/api/answers.gen.js';
import { PAGES, pathOf } from '../../packages/console/src/shell/paths.js';
import type { ReceiversAnswer } from '../../src/api/notifications/notification.dto.js';
import { describeInBrowser, openBrowser, screenshot, seriousViolations } from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, postJson, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, sendMessage, sendVerification } from '../support/wecom.js';
import { ENGLISH, keepsInside, keepsToCsp, LOOKS, type Look, openAs, standsStill } from './looks.js';

const app = newApp('ww7f3e9a1c5b2d8064');
const ACCOUNTS = {
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTA: '售前咨询',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTB: '售后服务',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTC: 'Support (English)',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTD: '会员中心',
  wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTE: '投诉建议',
};
const [HEALTHY, TOO, , DOWN, DEAD] = Object.keys(ACCOUNTS) as [string, string, string, string, string];

describeInBrowser('the look of the console', () => {
  const place = embeddedPlace();
  const servers: PuppetServer[] = [];
  let browser: Browser;
  let manager: ManagerProcess;
  let appId: string;

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
    const connected = await postJson(`${manager.url}/api/v1/apps`, { corpId: app.corpId, name: '客服应用' });
    appId = ((await connected.json()) as { id: string }).id;
    const bot = { name: 'LangBot', kind: 'stream', corpId: app.corpId, openKfIds: ['*'] };
    expect((await postJson(`${manager.url}/api/v1/bots`, bot)).status).toBe(200);
    const stranger = { ...app, token: newApp().token };
    expect((await sendVerification(manager.url, stranger, '1234567890123456789')).status).toBe(403);
    const refused = new URLSearchParams({ corpid: app.corpId, corpsecret: 'none-that-was-asked-about' });
    await fetch(`${manager.url}/puppetWxkfManager/getToken?${refused}`);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop(), ...servers.map((server) => server.close())]);
    await place.discard();
  });

  async function open(path: string, look?: Look, width?: number): Promise<Page> {
    const page = await openAs(browser, look, width);
    await page.route('**/api/v1/history?*', (route) =>
      route.fulfill({ json: { intervalS: 60, isStored: true, items: pointsOfLastHour() } }),
    );
    await page.route('**/api/v1/notifications', (route) => route.fulfill({ json: { items: receivers() } }));
    await page.goto(manager.url + path);
    return page;
  }

  const overview = async (look?: Look, width?: number) => {
    const page = await open('/console', look, width);
    await page.locator('.chart svg.recharts-surface').nth(2).waitFor();
    await page.locator('button.cause').first().waitFor();
    return page;
  };
  /** With these causes, as if the manager had them. */
  async function overviewOf(causes: readonly object[], look?: Look, width?: number): Promise<Page> {
    const page = await openAs(browser, look, width);
    const status = (await (await fetch(`${manager.url}/api/v1/status`)).json()) as StatusAnswer;
    const json = { ...status, verdict: { ...status.verdict, state: 'failing', causes } };
    await page.route('**/api/v1/status', (route) => route.fulfill({ json }));
    await page.goto(`${manager.url}/console`);
    return page;
  }

  describe.each(LOOKS)('in $locale, dark: $dark', (look) => {
    const name = `${look.locale}-${look.dark ? 'dark' : 'light'}`;

    it('keeps inside the window at every width, and within the CSP', async () => {
      const page = await overview(look);
      await keepsInside(page, 'overview', look);
    });

    it.each([
      ['apps', () => PAGES.apps, 'table tbody th'],
      ['app', () => pathOf.app(appId), 'table tbody th'],
      ['connect', () => pathOf.connectApp, 'form'],
      ['wecom-errors', () => PAGES.wecomErrors, 'table tbody th'],
      ['audit', () => PAGES.audit, 'table tbody th'],
    ])('has %s inside the window at every width, within the CSP, and bars nobody', async (of, path, part) => {
      const page = await open(path(), look);
      await page.locator(part).first().waitFor();
      for (const opener of await page.locator('button.opener').all()) await opener.click();
      await keepsInside(page, of, look);
      await page.context().close();
    });

    it('bars nobody, with a remedy open or the palette', async () => {
      const page = await overview(look);
      await page.locator('button.cause').first().click();
      await page.locator('.remedy').waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await screenshot(page, `overview-${name}-remedy`);
      await page.keyboard.press('Control+k');
      await page.getByRole('option').first().waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await screenshot(page, `overview-${name}-palette`, false);
      await keepsToCsp(page);
    });
  });

  it('has the counters and the first chart within 900 px below many causes, equal ones in one row', async () => {
    const page = await overviewOf(manyCauses());
    await page.getByRole('button', { name: /LangBot, AstrBot/ }).click();
    await page.locator('.remedy').getByRole('link', { name: 'AstrBot' }).waitFor();
    await page.getByRole('button', { name: /LangBot, AstrBot/ }).click();
    await page.getByRole('button', { name: 'Show 2 more causes' }).waitFor();
    await page.locator('.chart svg.recharts-surface').nth(2).waitFor();
    await screenshot(page, 'overview-many');
    const chart = await page.locator('.chart').first().boundingBox();
    expect((chart?.y ?? 900) + (chart?.height ?? 0)).toBeLessThanOrEqual(900);
  });

  it.each([...LOOKS].flatMap((look) => [1440, 390].map((width) => ({ ...look, width }))))(
    'cuts no word of a cause in $locale, dark: $dark, at $width px',
    async ({ width, ...look }) => {
      const page = await overviewOf(longCauses(), look, width);
      const causes = page.locator('button.cause');
      await causes.first().waitFor();
      await screenshot(page, `causes-${look.locale}-${look.dark ? 'dark' : 'light'}-${width}`, false);
      const row = page.getByRole('row').filter({ has: causes.first() });
      await row
        .getByText(/退换货.+大客户.+发票服务/)
        .filter({ visible: true })
        .waitFor();
      await row
        .getByText(/\d\d:\d\d/)
        .filter({ visible: true })
        .waitFor();
      const cut = await page.evaluate(`[...document.querySelectorAll('.cause *')]
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth && clientWidth > 0)
        .map(({ textContent }) => textContent)`);
      expect(cut).toEqual([]);
      await page.context().close();
    },
  );

  it('leaves a row of one line at 40 px', async () => {
    const page = await overviewOf(longCauses().slice(-1));
    const row = page.getByRole('row').filter({ has: page.locator('button.cause') });
    await row.waitFor();
    expect((await row.boundingBox())?.height).toBeLessThanOrEqual(41);
  });

  it('leads from a row of several bots to what WeCom says, and not to one of them', async () => {
    const page = await overviewOf(longCauses());
    const row = page.getByRole('row', { name: /会员小助/ });
    await row.getByRole('link', { name: 'WeCom errors' }).waitFor();
    expect(await page.getByRole('link', { name: 'Open bot' }).count()).toBe(0);
  });

  it('says that nothing is protected in a row that opens wherever it is pressed', async () => {
    const page = await overview();
    const row = page.locator('.note');
    const { width = 0 } = (await row.boundingBox()) ?? {};
    await row.click({ position: { x: width - 12, y: 12 } });
    await row.getByText('No role has a secret').waitFor();
  });

  it('names the replica that is away, and the address to list with a button that copies it', async () => {
    const page = await overviewOf(causesByName());
    await page.locator('.remedy').getByText('If you removed it, do nothing').waitFor();
    await page.getByRole('button', { name: 'host-0a1b2c' }).click();
    await page.locator('.remedy').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /WeCom does not list 203\.0\.113\.7/ }).click();
    const remedy = page.locator('.remedy');
    await remedy.getByText('203.0.113.7').waitFor();
    await remedy.getByRole('button', { name: 'Copy Address to list' }).click();
    await remedy.getByRole('img', { name: 'check' }).waitFor();
    await screenshot(page, 'overview-unlisted');
    expect(await seriousViolations(page)).toEqual([]);
  });

  it('stands still while it loads', async () => {
    const page = await overview();
    await standsStill(page);
  });

  it('has the pages behind a button on a phone, within the CSP', async () => {
    const page = await overview(ENGLISH, 390);
    await page.getByRole('button', { name: /^Menu: \d+ causes? to attend to, .*account/ }).click();
    const pages = page.getByRole('dialog').getByRole('navigation');
    await pages.getByRole('link', { name: 'Bots' }).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'menu-390', false);
    await keepsToCsp(page);
  });

  it('keeps the language and the colours that were chosen', async () => {
    const page = await overview();
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '中文' }).click();
    await page.getByRole('heading', { name: '总览' }).waitFor();
    expect(await page.title()).toBe('总览 · WXKF-Manager');
    await page.getByRole('button', { name: '外观' }).click();
    await page.getByRole('menuitem', { name: '深色' }).click();
    await page.reload();
    await page.getByRole('heading', { name: '总览' }).waitFor();
    const colour = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(colour).toBe('rgb(15, 19, 23)');
  });

  it('goes anywhere by keyboard', async () => {
    const page = await overview();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('售前');
    await page.getByRole('option', { name: '售前咨询' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/console/accounts/${app.corpId}/${HEALTHY}`);
    await keepsToCsp(page);
  });
});

function causesByName() {
  const since = new Date(Date.now() - 15 * 60_000).toISOString();
  const nowhere = { address: null, port: null, botId: null, botName: null, openKfId: null, name: null };
  const of = {
    ...nowhere,
    corpId: null,
    corpName: null,
    replica: null,
    unlistedAddress: null,
    lateMin: null,
    status: null,
  };
  const refused = { corpId: app.corpId, corpName: '客服应用', unlistedAddress: '203.0.113.7' };
  return [
    {
      ...of,
      code: 'wecom_fails',
      severity: 'bad',
      count: 1,
      since,
      why: '60020',
      key: 'refused',
      ...refused,
    },
    {
      ...of,
      code: 'replica_away',
      severity: 'wait',
      count: 1,
      since,
      why: null,
      key: 'away',
      replica: 'host-0a1b2c',
    },
  ];
}

/** Four bots whose replies WeCom limits, a callback that cannot be opened, and a row of one line. */
function longCauses() {
  const since = new Date(Date.now() - 15 * 60_000).toISOString();
  const nowhere = { address: null, port: null, corpId: app.corpId, openKfId: null, name: null, status: null };
  const of = {
    ...nowhere,
    severity: 'bad',
    replica: null,
    unlistedAddress: null,
    lateMin: null,
    botId: null,
    botName: null,
  };
  const bots = ['会员小助', '知识库问答', '值班机器人', '夜间客服'];
  const accountNames = [['退换货', '大客户'], ['发票服务'], ['会员中心', '活动报名'], ['售前咨询']];
  return [
    ...bots.map((botName, index) => ({
      ...{
        ...of,
        code: 'replies_fail',
        count: 1,
        since,
        why: '45009',
        key: botName,
        botId: botName,
        botName,
      },
      ...{ accounts: accountNames[index]?.length, accountNames: accountNames[index] },
    })),
    {
      ...{ ...of, code: 'refused', count: 103, since: null, why: 'CIPHER_PADDING_INVALID', key: 'refused' },
      ...{ corpName: '白桦眼镜·商城 / 白桦眼镜·客服', accounts: 0, accountNames: [] },
    },
    {
      ...of,
      code: 'store_down',
      count: 1,
      since: null,
      why: null,
      key: 'store',
      accounts: 0,
      accountNames: [],
    },
  ];
}

/** Eight rows: two bots have the same cause. */
function manyCauses() {
  const nowhere = { address: null, port: null, corpId: app.corpId, openKfId: null, name: null, status: null };
  const since = new Date(Date.now() - 15 * 60_000).toISOString();
  const bot = (botName: string, why: string, code = 'circuits') => ({
    ...{ code, severity: 'bad', count: 1, since, why, ...nowhere },
    ...{ key: botName, botId: botName, botName, corpName: '客服应用' },
  });
  const others = ['Dify', 'CowAgent', 'PandaWiki', 'OpenClaw', 'Echo'];
  const reasons = ['timeout', 'status', 'reset', 'endpoint', 'saturated'];
  return [
    bot('LangBot', 'connect'),
    bot('AstrBot', 'connect'),
    bot('Hotline', '40001', 'token_refused'),
    ...others.map((name, index) => bot(name, reasons[index] ?? '')),
    { ...bot('', '', 'silent'), botId: null, botName: null, why: null, openKfId: HEALTHY, name: '售前咨询' },
  ];
}

function receivers(): ReceiversAnswer['items'] {
  const at = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  const cause = { code: 'waiting', severity: 'wait', count: 2, since: at(9), why: 'connect' } as const;
  const place = {
    status: null,
    address: '10.0.0.7:8080',
    port: 8_080,
    botId: null,
    replica: null,
    unlistedAddress: null,
    lateMin: null,
    corpId: app.corpId,
    openKfId: null,
    name: null,
    ...{ key: 'waiting 10.0.0.7:8080', botName: null, corpName: null, accounts: 2, accountNames: [] },
  };
  return [
    {
      ...{ id: 'a', kind: 'robot', host: 'qyapi.weixin.qq.com', troubles: 0, lastFailure: null },
      ...{ toldAt: at(5), told: [{ cause: { ...cause, ...place }, isOver: true }] },
    },
    {
      ...{ id: 'b', kind: 'webhook', host: 'hooks.example.com', troubles: 1, toldAt: null, told: [] },
      lastFailure: { at: at(1), reason: 'it answered with HTTP status 500' },
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
