/** The overview at the end of an hour in which some accounts' puppet was away for ten minutes, moved on by hand. */
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { HistoryAnswer } from '../../src/insight/figures/history-answer.dto.js';
import { StatusAnswer } from '../../src/insight/verdict/status.dto.js';
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
    await page.locator('input').fill(AUTH_OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('figure svg').nth(2).waitFor();
    return page;
  }

  const open = () => page.goto(`${manager.url}/console`);

  /** What has just come in may be on its way, and is no cause yet; what is counted is kept for some seconds. */
  async function waitsForLong(openKfId: string): Promise<void> {
    const sinceMs = clock.nowMs();
    await until(async () =>
      (await (await ask('/api/v1/hints', AUTH_OPERATOR_TOKEN)).text()).includes(openKfId),
    );
    const isCause = async (): Promise<boolean> => {
      const { verdict } = answerAs(StatusAnswer, await api('status'));
      return verdict.causes.some(
        ({ code, since, why }) => code === 'waiting' && why !== null && Date.parse(since ?? '') >= sinceMs,
      );
    };
    while (!(await isCause())) await clock.advance(1_000);
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
    await page.getByRole('button', { name: '6 hours' }).click();
    await page.getByRole('button', { name: '6 hours', pressed: true }).waitFor();
    expect(page.url()).toContain('range=6h');
    const legend = page.getByRole('listitem').filter({ hasText: 'in all' });
    for (const name of ['delivered', 'deliveredLater', 'kept'] as const)
      await legend.getByText(sumOf(name).toLocaleString('en'), { exact: true }).waitFor();
    await page.getByText('Manager started').first().waitFor();
    await page.getByRole('button', { name: '1 hour' }).click();
    await page.locator('figure svg').nth(2).waitFor();
    await page.locator('.verdict-title').getByText('Customers are being answered').waitFor();
    expect(await page.getByText('Accounts that reply').locator('..').textContent()).toContain('12');
    await picture(page, 'console-hour');
  });

  it('is the same in Chinese', async () => {
    const chinese = await signedIn('zh-CN');
    await chinese.locator('.verdict-title').getByText('客户的消息都有机器人在应答').waitFor();
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
    await page.getByRole('status').getByText('Some customers may be waiting: 客服一号 waits for ').waitFor();
    const causes = page.getByRole('list', { name: 'Needs attention' }).getByRole('listitem');
    const cause = causes.filter({ hasText: 'Is the bot running?' });
    await cause.getByText(/^since \d\d:\d\d$/).waitFor();
    await cause.getByRole('link', { name: 'See the account' }).click();
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
    const causes = page.getByRole('list', { name: 'Needs attention' });
    const cause = causes.getByRole('listitem').filter({ hasText: 'No reply of' });
    await cause.getByText('No reply of 客服一号 goes out').waitFor();
    await cause.getByText(/The msgtype of the message is not one that WeCom sends/).waitFor();
    const about = cause.getByRole('link', { name: 'WeCom’s page about this code' });
    expect(await about.getAttribute('href')).toMatch(/\?e=40008$/);
    await picture(page, 'console-replies-fail');
    await cause.getByRole('link', { name: 'See the account' }).click();
    await page.getByText('Replies fail', { exact: true }).waitFor();
    await page.getByText(/WeCom takes no reply of it since .+\. WeCom’s errcode is 40008\./).waitFor();
  });

  it('says of which account WeCom knows nothing, on the overview and on its page', async () => {
    const [, openKfId = ''] = ofSteady;
    wecom.behave('kf/send_msg', answer(95004));
    const bot = { corpId: app.corpId, openKfId, secret: AUTH_PUPPET_TOKEN };
    expect(await sendReply(manager.url, CORP_SECRET, bot)).toBe(95004);
    await open();
    const causes = page.getByRole('list', { name: 'Needs attention' });
    const cause = causes.getByRole('listitem').filter({ hasText: 'is unknown to WeCom' });
    await cause.getByText(/There is no such customer-service account\. It was deleted/).waitFor();
    await cause.getByRole('link', { name: 'See the account' }).click();
    await page.getByText('Unknown to WeCom', { exact: true }).waitFor();
    await page.getByText(/WeCom has said since .+ that the corp has no such account\./).waitFor();
    await screenshot(page, 'console-no-account', true);
  });

  it('leads from what waits for a bot that opens a stream to that bot, which is not connected', async () => {
    const openKfId = newOpenKfId();
    const bot = { name: 'Laptop', corpId: app.corpId, openKfIds: [openKfId], kind: 'stream', takes: 'event' };
    const added = { method: 'POST', body: JSON.stringify(bot) };
    expect((await ask('/api/v1/bots', AUTH_OPERATOR_TOKEN, added)).status).toBe(200);
    await sendMessage(manager.url, app, openKfId);
    await waitsForLong(openKfId);
    await open();
    const causes = page.getByRole('list', { name: 'Needs attention' }).getByRole('listitem');
    const cause = causes.filter({ hasText: 'is a client of it connected?' });
    await cause.getByText('1 account waits', { exact: true }).waitFor();
    await cause.getByRole('link', { name: 'See the bot' }).click();
    await page.getByRole('heading', { name: 'Laptop' }).waitFor();
    await page.getByText('Not connected', { exact: true }).waitFor();
    // Where its account leads to, wherever it is named.
    await page.goto(`${manager.url}/console/kf-accounts/${openKfId}`);
    await page.getByText('This account is not registered').waitFor();
    await page.getByRole('link', { name: 'See what waits' }).click();
    await page.getByRole('row', { name: openKfId }).getByText('Waiting', { exact: true }).waitFor();
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
      await page.getByRole('link', { name: 'Kf accounts' }).click();
      await page.getByRole('button', { name: 'p95' }).click();
      const row = page.getByRole('row').filter({ hasText: openKfId });
      await row.getByText('Slow', { exact: true }).waitFor();
      await page.getByText(/Slow: p95 is 0\.5 s or more/).waitFor();
      expect(await page.getByText('Slow', { exact: true }).count()).toBe(1);
      await picture(page, 'console-slow');
      await row.getByRole('link').click();
      const facts = page.getByRole('heading', { name: 'Delivery', exact: true }).locator('..');
      // Of the account, and of its address.
      await facts.getByText('Slow', { exact: true }).nth(1).waitFor();
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
      await sendMessage(manager.url, app, untried);
      await open();
      await page.getByRole('link', { name: /^Outbox/ }).click();
      const row = page.getByRole('row').filter({ hasText: untried });
      const mark = row.getByRole('link', { name: 'not yet' });
      expect(await mark.getAttribute('title')).toBe('not yet: its bot is only probed');
      await picture(page, 'console-untried');
      await row.getByRole('link').first().click();
      await page.getByText('not yet: its bot is only probed').waitFor();
      const last = page.getByRole('heading', { name: 'Last failure' }).locator('..');
      await last
        .getByText('The bot fails again and again, for this account or at all, so only probes are sent')
        .waitFor();
      await last.getByRole('heading', { name: 'Last attempt that failed at its address' }).waitFor();
      await last.getByText('The bot answered with HTTP error 500').waitFor();
      await screenshot(page, 'console-untried-account', true);
      await page.getByRole('link', { name: 'Overview' }).click();
      await waitsForLong(untried);
      const causes = page.getByRole('list', { name: 'Needs attention' });
      await causes.getByText(/^The bot answered with HTTP error 500\. /).waitFor();
    } finally {
      await failing.close();
    }
  });
});
