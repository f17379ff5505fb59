/** The overview and accounts at the end of an hour in which some accounts' puppet was away for ten minutes, moved on by hand. */
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { HistoryAnswer } from '../../src/api/log/history-answer.dto.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { describeInBrowser, newPage, openBrowser, screenshot } from '../support/browser.js';
import { type ManagerInProcess, startManagerInProcess } from '../support/manager-in-process.js';
import { ManualClock } from '../support/manual-clock.js';
import { embeddedPlace } from '../support/place.js';
import {
  type Behaviour,
  type PuppetServer,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { sendReply } from '../support/replying-bot.js';
import { seeded } from '../support/seeded.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';
import { answer } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const INTERVAL_MS = 20_000;
const INTERVALS = 180;
const AWAY = { from: 95, to: 125 };
const AUTH_PUPPET_TOKEN = 'puppet-token-of-the-tests';
const AUTH_OPERATOR_TOKEN = 'operator-token-of-the-tests';
const CORP_SECRET = 'corp-secret-of-the-tests';
const FIGURES = {
  delivered: 'Delivered at once',
  deliveredLater: 'Delivered later',
  kept: 'Kept for later',
} as const;
const BUILT_CONSOLE = 'dist/console/public';

describeInBrowser('the overview after an hour', () => {
  const place = embeddedPlace();
  const clock = new ManualClock(Date.now() - INTERVALS * INTERVAL_MS);
  const app = newApp();
  /** Of a customer who writes at any time, the same in every run. */
  const choices = seeded(2026);
  const ofSteady = Array.from({ length: 8 }, newOpenKfId);
  const ofAway = Array.from({ length: 4 }, newOpenKfId);
  let browser: Browser;
  let page: Page;
  let manager: ManagerInProcess;
  let steady: PuppetServer;
  let away: PuppetServer;
  let wecom: WecomServer;
  let written = 0;
  let taken = 0;

  const ask = (path: string, token: string, init: RequestInit = {}): Promise<Response> =>
    fetch(manager.url + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
  const api = async (name: string): Promise<unknown> =>
    (await ask(`/api/v1/${name}`, AUTH_OPERATOR_TOKEN)).json();

  async function registerAt({ url }: PuppetServer, accounts: readonly string[]): Promise<void> {
    for (const openKfId of accounts) {
      const body = JSON.stringify(registrationOf(app, openKfId, url));
      const { status } = await ask('/puppetWxkfManager/register', AUTH_PUPPET_TOKEN, {
        method: 'POST',
        body,
      });
      expect(status).toBe(200);
    }
  }

  async function botReplies(openKfId: string): Promise<void> {
    const bot = { corpId: app.corpId, openKfId, secret: AUTH_PUPPET_TOKEN };
    expect(await sendReply(manager.url, CORP_SECRET, bot)).toBe(0);
  }

  /** More at some times than at others. */
  async function customersWrite(interval: number): Promise<void> {
    const accounts = [...ofSteady, ...ofAway];
    const count = Math.round(4 + 3 * Math.sin(interval / 17)) + choices.below(3);
    const texts = Array.from({ length: count }, () => choices.pick(accounts));
    const answers = await Promise.all(texts.map((openKfId) => sendMessage(manager.url, app, openKfId)));
    expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 200));
    written += texts.length;
  }

  const takes: Behaviour = (_request, response) => {
    taken += 1;
    response.end('success');
  };

  async function comeBack(): Promise<void> {
    away.behave(takes);
    await registerAt(away, ofAway);
    while (answerAs(StatusAnswer, await api('status')).counts.waiting !== 0) await clock.advance(1_000);
  }

  beforeAll(async () => {
    [browser, steady, away, wecom] = await Promise.all([
      openBrowser(),
      startPuppetServer(takes),
      startPuppetServer(takes),
      startWecomServer(),
    ]);
    wecom.addSecret(app.corpId, CORP_SECRET);
    const urls = { ACCESS_TOKEN_URL: wecom.tokenUrl, WECOM_API_URL: wecom.url };
    manager = await startManagerInProcess(
      { ...place.env, ...urls, AUTH_PUPPET_TOKEN, AUTH_OPERATOR_TOKEN },
      clock,
    );
    await Promise.all([registerAt(steady, ofSteady), registerAt(away, ofAway)]);
    for (let interval = 0; interval < INTERVALS; interval += 1) {
      if (interval === AWAY.from) away.behave((_request, response) => void response.writeHead(503).end());
      if (interval === AWAY.to) await comeBack();
      await customersWrite(interval);
      await clock.advance(INTERVAL_MS);
    }
    for (const openKfId of [...ofSteady, ...ofAway]) await botReplies(openKfId);
    page = await signedIn('en');
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.close(), steady.close(), away.close(), wecom.close()]);
    await place.discard();
  });

  /** The manager of this process runs from its source, and has no files of the console. */
  async function signedIn(locale: string): Promise<Page> {
    const page = await newPage(browser, { locale });
    await page.route(/\/console(\/(?!session)|$)/, (route, request) => {
      const file = /\/assets\/.*/.exec(request.url())?.[0] ?? 'index.html';
      return route.fulfill({ path: join(BUILT_CONSOLE, file) });
    });
    await page.goto(`${manager.url}/console`);
    await page.locator('input[type=password]').fill(AUTH_OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('.chart svg.recharts-surface').nth(2).waitFor();
    return page;
  }

  const open = () => page.goto(`${manager.url}/console`);

  /** What has just come in may be on its way, and is no cause yet; what is counted is kept for some seconds. */
  async function waitsForLong(openKfId: string, sinceMs = clock.nowMs()): Promise<void> {
    await until(async () =>
      (await (await ask('/api/v1/hints', AUTH_OPERATOR_TOKEN)).text()).includes(openKfId),
    );
    const isCause = async (): Promise<boolean> => {
      const { verdict } = answerAs(StatusAnswer, await api('status'));
      return verdict.causes.some(
        ({ code, since, why }) =>
          ['waiting', 'circuits'].includes(code) && why !== null && Date.parse(since ?? '') >= sinceMs,
      );
    };
    while (!(await isCause())) await clock.advance(1_000);
  }

  /** A row of what needs attention, and below it what to do, which a click has opened. */
  async function openedCause(title: RegExp): Promise<{ readonly row: Locator; readonly remedy: Locator }> {
    const causes = page.getByRole('table', { name: 'Needs attention' });
    const opener = causes.getByRole('button', { name: title });
    await opener
      .first()
      .or(page.getByRole('button', { name: /^Show \d+ more cause/ }))
      .first()
      .waitFor();
    const more = page.getByRole('button', { name: /^Show \d+ more cause/ });
    if (!(await opener.first().isVisible())) await more.click();
    await opener.first().click();
    return {
      row: causes
        .getByRole('row')
        .filter({ has: page.getByRole('button', { name: title }) })
        .first(),
      remedy: causes.locator('.remedy'),
    };
  }

  /** The sum of a figure in the table of its chart. */
  async function drawnSum(figure: string): Promise<number> {
    const table = page.locator('.chart table').filter({ has: page.getByText(figure, { exact: true }) });
    await table.locator('..').locator('..').locator('summary').click();
    const heads = await table.locator('thead th').allTextContents();
    const at = heads.indexOf(figure);
    const rows = await table.locator('tbody tr').all();
    const cells = await Promise.all(rows.map((row) => row.locator('th, td').nth(at).textContent()));
    await table.locator('..').locator('..').locator('summary').click();
    return cells.reduce((sum, cell) => sum + Number((cell ?? '').replaceAll(',', '')), 0);
  }

  /** Down to the charts. */
  async function picture(of: Page, name: string): Promise<void> {
    await of.setViewportSize({ width: 1280, height: 900 });
    await screenshot(of, name, false);
  }

  it('adds up to all that came in, in the charts too', async () => {
    // The hour itself does not begin at a full minute.
    const { items } = answerAs(HistoryAnswer, await api('history?range=6h'));
    const sumOf = (name: 'delivered' | 'deliveredLater' | 'kept' | 'starts'): number =>
      items.reduce((sum, item) => sum + item[name], 0);
    expect(items).toHaveLength(180);
    expect(sumOf('delivered') + sumOf('kept')).toBe(written);
    // A probe that is under way when its account registers may be taken as well.
    expect(sumOf('deliveredLater')).toBeGreaterThanOrEqual(ofAway.length);
    expect(sumOf('delivered') + sumOf('deliveredLater')).toBe(taken);
    expect(Math.max(...items.map(({ waiting }) => waiting))).toBe(ofAway.length);
    expect(sumOf('starts')).toBe(1);
    await open();
    await page.getByRole('radiogroup', { name: 'Range' }).getByText('6 hours').click();
    await page.waitForURL(/range=6h/);
    for (const name of ['delivered', 'deliveredLater', 'kept'] as const)
      await until(async () => (await drawnSum(FIGURES[name])) === sumOf(name));
    expect(await page.locator('.recharts-reference-line').count()).toBeGreaterThan(0);
    await page.getByRole('radiogroup', { name: 'Range' }).getByText('1 hour').click();
    await page.locator('.chart svg.recharts-surface').nth(2).waitFor();
    await page.locator('.strip strong').getByText('Customers are being answered').waitFor();
    expect(await page.getByText('Being answered', { exact: true }).locator('..').textContent()).toContain(
      '12',
    );
    await picture(page, 'console-hour');
  });

  it('is the same in Chinese', async () => {
    const chinese = await signedIn('zh-CN');
    await chinese.locator('.strip strong').getByText('客户的消息都有机器人在应答').waitFor();
    await picture(chinese, 'console-hour-zh');
    await chinese.context().close();
  });

  it('tells why an account waits, since when, and leads to it', async () => {
    const openKfId = newOpenKfId();
    const gone = await startPuppetServer();
    await registerAt(gone, [openKfId]);
    await gone.close();
    await sendMessage(manager.url, app, openKfId);
    await waitsForLong(openKfId);
    await open();
    await page
      .getByRole('status')
      .getByText(/^Some customers may be waiting: 客服一号: /)
      .waitFor();
    const cause = await openedCause(/The manager cannot reach the bot/);
    await cause.remedy.getByText(/Is the bot running\?/).waitFor();
    await cause.row.getByText(/^since \d\d:\d\d$/).waitFor();
    await cause.row.getByRole('link', { name: 'Open account' }).click();
    await page.getByText('Waits since').waitFor();
    expect((await ask(`/api/v1/hints/${openKfId}`, AUTH_OPERATOR_TOKEN, { method: 'DELETE' })).status).toBe(
      200,
    );
    // What is counted is asked for anew.
    await clock.advance(11_000);
  });

  it('says of which account WeCom takes no reply, why, and since when', async () => {
    const [openKfId = ''] = ofSteady;
    wecom.behave('kf/send_msg', answer(40008));
    const bot = { corpId: app.corpId, openKfId, secret: AUTH_PUPPET_TOKEN };
    expect(await sendReply(manager.url, CORP_SECRET, bot)).toBe(40008);
    await open();
    const cause = await openedCause(/replies do not go out: The msgtype of the message is not one/);
    const about = cause.remedy.getByRole('link', { name: 'WeCom’s page about this code' });
    expect(await about.getAttribute('href')).toMatch(/\?e=40008$/);
    await picture(page, 'console-replies-fail');
    await cause.row.getByRole('link', { name: 'Open account' }).click();
    await page.getByText('Failing', { exact: true }).waitFor();
    const strip = page.locator('.strip').filter({ hasText: 'replies do not go out' });
    await strip.getByText(/WeCom’s errcode is 40008\./).waitFor();
    await strip.getByText(/^since \d\d:\d\d$/).waitFor();
  });

  it('says of which account WeCom knows nothing, on the overview and on its page', async () => {
    const [, openKfId = ''] = ofSteady;
    wecom.behave('kf/send_msg', answer(95004));
    const bot = { corpId: app.corpId, openKfId, secret: AUTH_PUPPET_TOKEN };
    expect(await sendReply(manager.url, CORP_SECRET, bot)).toBe(95004);
    await open();
    const cause = await openedCause(/is unknown to WeCom: There is no such customer-service account/);
    await cause.remedy.getByText(/It was deleted, or belongs to another corp/).waitFor();
    await cause.row.getByRole('link', { name: 'Open account' }).click();
    const strip = page.locator('.strip').filter({ hasText: 'is unknown to WeCom' });
    await strip.getByText(/^since \d\d:\d\d$/).waitFor();
    await screenshot(page, 'console-no-account', true);
  });

  it('leads from what waits for a bot that opens a stream to that bot, and names it at the account', async () => {
    const openKfId = newOpenKfId();
    const bot = { name: 'Laptop', corpId: app.corpId, openKfIds: [openKfId], kind: 'stream', takes: 'event' };
    const added = { method: 'POST', body: JSON.stringify(bot) };
    expect((await ask('/api/v1/bots', AUTH_OPERATOR_TOKEN, added)).status).toBe(200);
    await sendMessage(manager.url, app, openKfId);
    await waitsForLong(openKfId);
    await open();
    const cause = await openedCause(/Laptop/);
    await cause.remedy.getByText(/is a client of it connected\?/).waitFor();
    await cause.row.getByRole('link', { name: 'Open bot' }).click();
    await page.waitForURL(/\/console\/bots\/[^/]+$/);
    // What waits stands at the account itself, too, with the bot that has it.
    await page.goto(`${manager.url}/console/accounts/${app.corpId}/${openKfId}`);
    await page.locator('.card').getByRole('link', { name: 'Laptop' }).waitFor();
    await page.getByText('It has no address: its client opens the connection.').waitFor();
    expect(await page.getByText('wxkf://').count()).toBe(0);
    await page.getByText('Waits since').waitFor();
  });

  it('marks a bot that is slow, by a word, in the list and on its page', async () => {
    const [openKfId, slow] = [newOpenKfId(), await startPuppetServer()];
    try {
      await registerAt(slow, [openKfId]);
      const asked = new Promise<ServerResponse>((resolve) => {
        slow.behave((_request, response) => resolve(response));
      });
      const sent = sendMessage(manager.url, app, openKfId);
      const response = await asked;
      await clock.advance(600);
      response.end('success');
      expect((await sent).status).toBe(200);
      await open();
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.getByRole('link', { name: /Accounts/ }).click();
      await page.getByRole('button', { name: 'p95' }).click();
      const row = page.getByRole('row').filter({ has: page.locator(`[href$="${openKfId}"]`) });
      await row.getByText('Slow', { exact: true }).waitFor();
      expect(await page.getByText('Slow', { exact: true }).count()).toBe(1);
      await screenshot(page, 'console-slow', false);
      await row.getByRole('link').first().click();
      // Of the account, and of its address.
      await page.getByText('Slow', { exact: true }).nth(1).waitFor();
      await screenshot(page, 'console-slow-account');
    } finally {
      await slow.close();
    }
  });

  it('says of an event that was never tried why, and what its bot did to others', async () => {
    // So many that its address gets probes alone.
    const tried = Array.from({ length: 5 }, newOpenKfId);
    const untried = newOpenKfId();
    const failing = await startPuppetServer((_request, response) => void response.writeHead(500).end());
    try {
      await registerAt(failing, [...tried, untried]);
      for (const openKfId of tried) await sendMessage(manager.url, app, openKfId);
      const sinceMs = clock.nowMs();
      await sendMessage(manager.url, app, untried);
      await open();
      // What waits is 2 s old at most.
      await clock.advance(3_000);
      await page.goto(`${manager.url}/console/accounts/${app.corpId}/${untried}`);
      await page.getByText('not yet: its bot is only probed').waitFor();
      const last = page.locator('.card').filter({ hasText: 'Last failure' });
      await last
        .getByText('The bot fails again and again, for this account or at all, so only probes are sent')
        .waitFor();
      await last.getByRole('heading', { name: 'Last attempt that failed at its address' }).waitFor();
      await last.getByText('The bot answered with HTTP error 500').waitFor();
      await screenshot(page, 'console-untried-account', true);
      await waitsForLong(untried, sinceMs);
      await open();
      await openedCause(/The bot answered with HTTP error 500/);
    } finally {
      await failing.close();
    }
  });
});
