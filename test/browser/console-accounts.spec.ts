/** All accounts and the page of one: what an operator sees there and does, at every width, theme and language. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { ACCOUNT_STATES, type AccountState } from '../../src/insight/accounts/account-states.js';
import type { AccountAnswer, CauseAnswer } from '../../packages/console/src/api/answers.gen.js';
import { describeInBrowser, newPage, openBrowser, seeSoon } from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { ENGLISH, keepsInside, LOOKS, openAs, standsStill } from './looks.js';

const CORP = 'ww7f3e9a1c5b2d8064';
const SOME_ID = 'wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTA';

describeInBrowser('accounts in the console', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  let puppet: PuppetServer;

  beforeAll(async () => {
    [browser, manager, puppet] = await Promise.all([
      openBrowser(),
      startManager(place.env),
      startPuppetServer(),
    ]);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop(), puppet.close()]);
    await place.discard();
  });

  describe('with accounts in every state', () => {
    async function open(path: string, look = ENGLISH, width?: number): Promise<Page> {
      const page = await openAs(browser, look, width);
      const items = manyAccounts();
      const counts = Object.fromEntries(
        ACCOUNT_STATES.map((state) => [state, items.filter((account) => account.state === state).length]),
      );
      await page.route(/\/api\/v1\/accounts\?/, (route) =>
        route.fulfill({ json: { items, counts, total: items.length, nextCursor: null } }),
      );
      await page.route(/\/api\/v1\/status$/, async (route) => {
        const examples = ['wkMadeUp', SOME_ID].map((openKfId) => ({ corpId: CORP, openKfId }));
        const status = await (await route.fetch()).json();
        await route.fulfill({ json: { ...status, unknownAccounts: { count: 5_000, examples } } });
      });
      await page.route(/\/api\/v1\/accounts\/./, (route) => route.fulfill({ json: oneAccount() }));
      await page.route(/\/api\/v1\/deliveries\?/, (route) =>
        route.fulfill({ json: { items: records(), since: at(600), days: 3, nextCursor: null } }),
      );
      await page.goto(manager.url + path);
      await page.getByRole('row').nth(2).waitFor();
      return page;
    }

    const PAGES = { accounts: '/console/accounts', account: `/console/accounts/${CORP}/${SOME_ID}` };

    describe.each(LOOKS)('in $locale, dark: $dark', (look) => {
      it.each(Object.entries(PAGES))('keeps %s inside the window, open to all', async (which, path) => {
        const page = await open(path, look);
        await keepsInside(page, which, look);
        await standsStill(page);
        await page.context().close();
      });
    });

    it('says of each account why, since when and who serves it, in as many lines as it takes', async () => {
      const page = await open(PAGES.accounts, ENGLISH);
      const row = page.getByRole('row', { name: '售前咨询' });
      await row.getByText('Failing', { exact: true }).waitFor();
      await row.getByRole('cell', { name: /^replies do not go out: .+ · since \d\d:\d\d$/ }).waitFor();
      await row.getByRole('link', { name: 'LangBot' }).waitFor();
      const heightOf = async (name: string) =>
        (await page.getByRole('row', { name }).boundingBox())?.height ?? 0;
      expect(await heightOf('售前咨询')).toBeGreaterThan(45);
      expect(await heightOf('门店 20')).toBeLessThanOrEqual(41);
    });

    it.each([
      ['en', /^Unknown accounts: 5,000\. .+ wkMadeUp, /],
      ['zh', /^未知账号：5,000 个。.+ wkMadeUp, /],
    ])(
      'has unknown accounts as a figure with examples below the list, in the language %s',
      async (is, text) => {
        const look = LOOKS.find(({ locale }) => locale.startsWith(is)) ?? ENGLISH;
        const page = await open(PAGES.accounts, look);
        await page.getByRole('main').getByText(text).waitFor();
        await page.context().close();
      },
    );

    it('says why on a phone, too, in as many lines as it takes', async () => {
      const page = await open(PAGES.accounts, ENGLISH, 390);
      const row = page.getByRole('row', { name: '售前咨询' });
      const why = row.getByText(/^replies do not go out: .+ · since \d\d:\d\d$/).filter({ visible: true });
      await why.waitFor();
      expect((await why.boundingBox())?.height).toBeGreaterThan(30);
    });

    it('has what is wrong with its remedy at the top of the page of one', async () => {
      const page = await open(PAGES.account, ENGLISH);
      const strip = page.locator('.strip').first();
      await strip.getByText(/^replies do not go out/).waitFor();
      await strip.getByText(/WeCom’s errcode is 40008\./).waitFor();
      expect((await strip.boundingBox())?.y).toBeLessThan(200);
    });
  });

  describe('of a manager that runs', () => {
    let page: Page;
    let app: WecomApp;
    let openKfId: string;

    beforeAll(async () => {
      page = await newPage(browser);
    });

    beforeEach(() => {
      [app, openKfId] = [newApp(), newOpenKfId()];
    });

    const open = (path: string) => page.goto(`${manager.url}/console${path}`);
    const openOne = (id = openKfId) => open(`/accounts/${app.corpId}/${id}`);
    const message = () => sendMessage(manager.url, app, openKfId);

    it('has no account at first, and says how one comes', async () => {
      await open('/accounts');
      await page.getByText('There is no account yet').waitFor();
      await page.getByRole('link', { name: 'Connect a WeCom app' }).waitFor();
    });

    it('finds an account among others by a part of its id, and by its state', async () => {
      const other = newOpenKfId();
      await register(manager.url, app, openKfId, puppet.url);
      await register(manager.url, app, other, puppet.url);
      await open(`/accounts?corpId=${app.corpId}`);
      const rowOf = (id: string) => page.getByRole('row').filter({ has: page.locator(`[href$="${id}"]`) });
      await rowOf(other).waitFor();
      const search = page.getByRole('searchbox', { name: 'Name, id, bot or address' });
      await page.keyboard.press('/');
      await page.keyboard.type(openKfId.slice(4, 20));
      await rowOf(other).waitFor({ state: 'detached' });
      await rowOf(openKfId).waitFor();
      expect(await search.inputValue()).toBe(openKfId.slice(4, 20));
      expect(new URL(page.url()).searchParams.get('q')).toBe(openKfId.slice(4, 20));
      await page.getByText('Quiet 1').click();
      await page.waitForURL(/state=quiet/);
      await rowOf(openKfId).waitFor();
      await open(`/accounts?corpId=${app.corpId}&state=failing`);
      await page.getByText('No account matches').waitFor();
      await page.getByRole('button', { name: 'Clear filters' }).first().click();
      await rowOf(openKfId).waitFor();
    });

    it('leads from an address of an earlier version to the account', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      await open(`/kf-accounts/${openKfId}`);
      await page.waitForURL(`**/console/accounts?q=${openKfId}`);
      await page.locator(`main [href$="${openKfId}"]`).click();
      await page.getByRole('button', { name: 'Send a test' }).waitFor();
    });

    it('sends a test, by keyboard alone, and shows the puppet’s answer as text', async () => {
      puppet.behave((_request, response) => response.end('<b>roger</b>'));
      await register(manager.url, app, openKfId, puppet.url);
      await openOne();
      await page.getByRole('button', { name: 'Send a test' }).waitFor();
      const received = puppet.next();
      while ((await page.evaluate('document.activeElement.textContent')) !== 'Send a test')
        await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByText('The puppet took it').waitFor();
      await page.getByText('<b>roger</b>').waitFor();
      expect((await received).path).toBe('/callback/decrypted');
      await seeSoon(page.getByRole('row', { name: /Attempt as a test/ }));
    });

    it('forgets an account after asking', async () => {
      await register(manager.url, app, openKfId, puppet.url);
      await openOne();
      await page.getByRole('button', { name: 'Forget this account' }).click();
      const dialog = page.getByRole('dialog', { name: 'Forget 客服一号?' });
      await dialog.getByText(/The registration goes/).waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Forget this account' }).click();
      await dialog.getByRole('button', { name: 'Forget it' }).click();
      await page.getByText('客服一号 is forgotten.').waitFor();
      expect(new URL(page.url()).pathname).toBe('/console/accounts');
      await openOne();
      await page.getByText('This account is not known').waitFor();
    });

    it('offers a bot to an account that nobody serves, with the account chosen', async () => {
      // A puppet of another account has told the manager the key of the app.
      await register(manager.url, app, newOpenKfId(), puppet.url);
      await message();
      await openOne();
      await page.getByText('No bot gets what its customers write.').waitFor();
      const link = page.getByRole('link', { name: 'Give it a bot' });
      expect(await link.getAttribute('href')).toBe(
        `/console/bots/add?corpId=${app.corpId}&openKfId=${openKfId}`,
      );
      await page.getByRole('button', { name: `Drop: ${openKfId}` }).waitFor();
    });

    it('sends what waits now, or drops it after asking', async () => {
      await register(manager.url, app, openKfId, await refusedUrl());
      await message();
      await openOne();
      await page.getByRole('button', { name: 'Send now: 客服一号' }).click();
      await page.getByText('What waits for 客服一号 is being sent.').waitFor();
      await page.getByRole('button', { name: 'Drop: 客服一号' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(/is lost for good/).waitFor();
      await dialog.getByRole('button', { name: 'Drop it' }).click();
      await page.getByText('What waited for 客服一号 is dropped.').waitFor();
      await seeSoon(page.getByText('Nothing waits for this account.'));
    });
  });
});

function at(minutesAgo: number): string {
  return new Date(Date.now() - minutesAgo * 60_000).toISOString();
}

function accountIn(state: AccountState, name: string, fields: Partial<AccountAnswer> = {}): AccountAnswer {
  return {
    ...{ corpId: CORP, corpName: '客服应用', openKfId: `${SOME_ID}${name}`, name, inWecom: true },
    ...{ servedBy: 'bot', botId: 'b1', botName: 'LangBot', address: 'http://10.0.0.7:8080', state },
    ...{ since: at(15), causes: [], waiting: { events: 0, messages: 0, dead: 0 } },
    ...{ sessions: null, unanswered: { customers: 0, since: null } },
    ...{ hint: null, circuit: 'closed', lastDelivery: null, lastFailure: null, registration: null },
    ...{ lastMessageAt: at(2), lastReplyAt: at(2) },
    lastHour: { attempts: 40, taken: 38, p50Ms: 80, p95Ms: 160 },
    hours: Array.from({ length: 24 }, (_, hour) => Math.round(20 + 18 * Math.sin(hour / 3))),
    ...fields,
  };
}

function causeOf(
  code: CauseAnswer['code'],
  severity: 'bad' | 'wait',
  why: string | null = null,
): CauseAnswer {
  return {
    ...{ code, severity, count: 1, since: at(15), why, status: null, address: null, port: null, key: code },
    ...{ replica: null, unlistedAddress: null, lateMin: null },
    ...{
      corpId: CORP,
      corpName: '客服应用',
      openKfId: SOME_ID,
      name: '售前咨询',
      botId: 'b1',
      botName: 'LangBot',
      accounts: 1,
      accountNames: ['售前咨询'],
    },
  };
}

/** One in every state, and as many that work as fill a page. */
function manyAccounts(): readonly AccountAnswer[] {
  const nobody = { servedBy: 'nobody', botId: null, botName: null, address: null } as const;
  const puppet = { servedBy: 'puppet', botId: null, botName: null } as const;
  return [
    accountIn('failing', '售前咨询', { causes: [causeOf('replies_fail', 'bad', '40008')] }),
    accountIn('failing', 'Support (English)', {
      ...{ causes: [causeOf('dead', 'bad', 'connect')], waiting: { events: 2, messages: 0, dead: 1 } },
    }),
    accountIn('silent', '售后服务', { causes: [causeOf('silent', 'bad')], lastReplyAt: null }),
    accountIn('waiting', '会员中心', {
      ...{ causes: [causeOf('waiting', 'wait', 'timeout')], waiting: { events: 3, messages: 0, dead: 0 } },
      lastHour: { attempts: 40, taken: 8, p50Ms: 900, p95Ms: 2_400 },
    }),
    accountIn('unserved', '投诉建议', { ...nobody, causes: [causeOf('parked', 'wait', 'unregistered')] }),
    accountIn('paused', '合作加盟', { causes: [causeOf('paused', 'wait')] }),
    accountIn('offline', 'A name that is far too long for a column of a table of many columns', puppet),
    accountIn('unseen', '招聘', { ...puppet, lastReplyAt: null, waiting: null }),
    ...Array.from({ length: 20 }, (_, n) => accountIn('working', `门店 ${n + 1}`)),
    accountIn('quiet', '展会', {
      ...{ inWecom: false, servedBy: 'people', hours: Array.from({ length: 24 }, () => 0) },
      ...{ lastMessageAt: null, lastReplyAt: null, botName: '人工', since: null },
      lastHour: { attempts: 0, taken: 0, p50Ms: null, p95Ms: null },
    }),
  ];
}

/** Everything that the page of one account can show. */
function oneAccount(): AccountAnswer {
  const [first] = manyAccounts();
  if (first === undefined) throw new Error('There is no account.');
  const failure = {
    stage: 'connect',
    reason: 'connect ECONNREFUSED 10.0.0.7:8080',
    status: null,
    at: at(3),
  } as const;
  const causes = [causeOf('replies_fail', 'bad', '40008'), causeOf('waiting', 'wait', 'connect')];
  return {
    ...first,
    ...{ openKfId: SOME_ID, servedBy: 'puppet', botId: null, botName: null, causes },
    waiting: { events: 1, messages: 0, dead: 0 },
    hint: {
      ...{ corpId: CORP, openKfId: SOME_ID, name: '售前咨询', generation: 'g1', state: 'waiting', events: 1 },
      ...{ arrivedAt: at(5), waitingSince: at(15), ageS: 900, attempts: 4, dueAt: at(-1), endpoint: null },
      ...{ isUnderWay: false, isSyncTokenExpired: true, lastFailure: failure },
    },
    circuit: 'open',
    lastDelivery: { at: at(20), status: 200, durationMs: 84, occasion: 'inline' },
    lastFailure: failure,
    registration: {
      ...{
        endpoint: 'http://10.0.0.7:8080',
        online: true,
        lastOnlineAt: at(300),
        registeredFrom: '10.0.0.7',
      },
      lastHour: { attempts: 140, taken: 90, p50Ms: 80, p95Ms: 1_160 },
      lastFailure: failure,
    },
  };
}

function records() {
  const none = { status: null, stage: null, reason: null, occasion: null, endpoint: null, source: null };
  const of = {
    replica: 'r1',
    corpId: CORP,
    openKfId: SOME_ID,
    name: '售前咨询',
    webhookId: 'evt-1',
    ...none,
  };
  return Array.from({ length: 12 }, (_, n) => ({
    ...of,
    ...{ id: `record-${n}`, at: at(n), kind: 'attempt', occasion: 'due', attempt: 12 - n, form: 'encrypted' },
    ...{
      outcome: 'not_taken',
      stage: 'connect',
      reason: 'connect ECONNREFUSED 10.0.0.7:8080',
      durationMs: 3,
    },
    ...(n > 6 && {
      kind: 'callback',
      occasion: null,
      stage: null,
      outcome: n === 8 ? 'taken' : 'kept',
      status: 200,
    }),
  }));
}
