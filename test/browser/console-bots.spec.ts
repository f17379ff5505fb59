/** A program that takes WeCom's callbacks itself: added, verified, and seen to take its first message. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decrypt } from '@wecom/crypto';
import type { Browser, Page } from 'playwright-core';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seeSoon,
  seriousViolations,
} from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { type PuppetServer, postJson, register, startPuppetServer } from '../support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';
import { keepsInside, LOOKS, openAs } from './looks.js';

const DESK = { width: 1280, height: 800 };
const SECRET = 'corp-secret-of-the-tests';

describeInBrowser('the console, with bots', () => {
  // Messages are taken only where they can be sealed.
  const place = sealedPlace(embeddedPlace());
  const app = newApp();
  const [picked, typed, later] = [newOpenKfId(), newOpenKfId(), newOpenKfId()];
  let browser: Browser;
  let wecom: WecomServer;
  let manager: ManagerProcess;
  let puppet: PuppetServer;
  /** Opens with the key that somebody has pasted into it. */
  let program: PuppetServer;
  let pasted = '';
  let page: Page;
  const secrets: string[] = [];

  beforeAll(async () => {
    wecom = await startWecomServer();
    wecom.addSecret(app.corpId, SECRET);
    [browser, manager, puppet, program] = await Promise.all([
      openBrowser(),
      startManager({ ...place.env, WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: wecom.tokenUrl }),
      startPuppetServer(),
      startPuppetServer((request, response) => {
        const echostr = new URL(request.url ?? '/', 'http://program').searchParams.get('echostr');
        if (pasted === '') response.writeHead(400).end('invalid signature');
        else response.end(echostr === null ? 'success' : decrypt(pasted, echostr).message);
      }),
    ]);
    await postJson(`${manager.url}/api/v1/apps`, app);
    await register(manager.url, app, picked, puppet.url);
    page = await newPage(browser);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop(), puppet.close(), program.close()]);
    await wecom.close();
    await place.discard();
  });

  const textOf = (label: string) => page.getByLabel(label, { exact: true }).inputValue();
  const step = (text: string) => page.getByRole('listitem').filter({ hasText: text });
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const region = (name: string) => page.getByRole('region', { name, exact: true });
  const row = (name: string | RegExp) => page.getByRole('row', { name });
  const toList = () => page.getByRole('link', { name: 'All bots' }).click();
  /** Up to its program, from wherever the pages of bots are. */
  async function beginBot(...openKfIds: readonly string[]): Promise<void> {
    await page.getByRole('link', { name: 'Add a bot' }).click();
    await page.getByRole('heading', { name: 'Add a bot', exact: true }).waitFor();
    await press('Continue');
    await page.getByLabel('Account ids (open_kfid)').fill(openKfIds.join('\n'));
    await press('Continue');
    await page.getByRole('heading', { name: 'Add a bot: what answers?' }).waitFor();
  }
  const patch = (id: string, body: object) =>
    fetch(`${manager.url}/api/v1/bots/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const idOnPage = () => new URL(page.url()).pathname.split('/').at(-1) ?? '';

  /** Of the address bar, what the browser keeps, and the page itself. */
  const everythingSeen = async () =>
    [
      page.url(),
      await page.evaluate<string>(
        'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
      ),
      await page.content(),
    ].join('\n');

  async function expectNoSecrets(): Promise<void> {
    const seen = await everythingSeen();
    expect(secrets.filter((secret) => seen.includes(secret))).toEqual([]);
  }

  it('asks for app, accounts and program, step by step, and keeps what was typed over a reload', async () => {
    await page.goto(`${manager.url}/console/bots`);
    await page.getByText('No bot is added yet').waitFor();
    await screenshot(page, 'console-no-bots');
    await page.getByRole('link', { name: 'Add a bot' }).click();
    await page.getByRole('radio', { name: app.corpId }).waitFor();
    await press('Continue');

    await page.getByRole('heading', { name: 'Add a bot: accounts' }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await press('Continue');
    await page.getByText('Choose an account, or paste an id.').waitFor();
    await row(/客服一号.*a puppet/)
      .getByRole('checkbox')
      .check();
    await page.getByLabel('Account ids (open_kfid)').fill(typed);
    await page.getByText('1 account is chosen').waitFor();
    await screenshot(page, 'console-bot-accounts');
    expect(await seriousViolations(page)).toEqual([]);
    await press('Continue');

    const add = page.getByRole('button', { name: 'Add the bot' });
    expect([await add.isDisabled(), await page.getByLabel('Name', { exact: true }).count()]).toEqual([
      true,
      0,
    ]);
    await screenshot(page, 'console-bot-what-answers');
    expect(await seriousViolations(page)).toEqual([]);
    await page.getByRole('radio', { name: /LangBot/ }).check();
    await page.getByLabel('Name', { exact: true }).fill('Support bot');
    await page.reload();
    await page.getByRole('heading', { name: 'Add a bot: what answers?' }).waitFor();
    expect(await textOf('Name')).toBe('Support bot');
    await press('Back');
    expect(
      await row(/客服一号/)
        .getByRole('checkbox')
        .isChecked(),
    ).toBe(true);
    await press('Continue');
    expect(await page.getByRole('radio', { name: /Messages \(recommended\)/ }).isChecked()).toBe(true);
    await page.getByLabel('Secret of the app in WeCom').waitFor();
    await page.getByRole('radio', { name: /Events/ }).check();
    await page.getByLabel('URL', { exact: true }).fill('http://user:password@127.0.0.1/callback');
    await screenshot(page, 'console-bot-program');
    expect(await seriousViolations(page)).toEqual([]);
    await press('Add the bot');
    await page.getByRole('alert').getByText('callback.url').waitFor();
    await page.getByLabel('URL', { exact: true }).fill(`${program.url}/bots/7f0c`);
    await press('Add the bot');
    await page.getByRole('heading', { name: 'Support bot: paste this into the program' }).waitFor();
  });

  it('shows what goes into which setting of the program, this once', async () => {
    await page.getByLabel('Address of this manager').fill('http://wxkf-manager:7777/');
    expect(await textOf('corpid')).toBe(app.corpId);
    const base = await textOf('api_base_url');
    expect(base).toMatch(/^http:\/\/wxkf-manager:7777\/bot\/wxkf_[\w-]{43}\/cgi-bin$/);
    secrets.push(await textOf('token'), await textOf('EncodingAESKey'), base.split('/')[4] ?? '');
    expect(secrets.every((secret) => secret !== '')).toBe(true);
    await page.getByText('the Secret of the app in WeCom’s admin page').waitFor();
    expect(
      await page.getByRole('link', { name: 'Correct its settings in a new tab' }).getAttribute('target'),
    ).toBe('_blank');
    await screenshot(page, 'console-bot-added');
    expect(await seriousViolations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await seriousViolations(page, 'colours')).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 360, height: 720 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.setViewportSize(DESK);
  });

  it('says what a verification came to, and what to do', async () => {
    await press('Verify Support bot');
    await page.getByText('It refuses the question').waitFor();
    await page.getByText('Paste Token and EncodingAESKey into the program once more').waitFor();
    pasted = await textOf('EncodingAESKey');
    await press('Verify Support bot');
    await page.getByText('It is verified').waitFor();
    await seeSoon(step('The program is verified (done)'));
    expect(program.received.at(-1)?.path).toBe('/bots/7f0c');
  });

  it('sees the first message through, which is the bot’s although a puppet has registered its account', async () => {
    await step('It has taken a first message (not yet)').waitFor();
    const arrived = program.next();
    await sendMessage(manager.url, app, picked);
    const { body, headers } = await arrived;
    expect(headers['content-type']).toContain('text/xml');
    const sealed = /<Encrypt><!\[CDATA\[(.*?)]]>/.exec(body)?.[1] ?? '';
    expect(decrypt(pasted, sealed).message).toContain(picked);
    expect(puppet.received).toEqual([]);
    await seeSoon(step('It has taken a first message (done)'));
    await page.getByText('its events reach the program').waitFor();
    await screenshot(page, 'console-bot-taken');
  });

  it('lets nobody lose the secrets unasked, and shows them nowhere afterwards', async () => {
    await toList();
    const question = page.getByRole('dialog', { name: 'Leave without these secrets?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    for (const name of ['token', 'EncodingAESKey', 'api_base_url']) await press(`Copy ${name}`);
    await page.getByText('They are not shown again').waitFor();
    expect(new URL(page.url()).search).toBe('');
    await toList();
    await row(/Support bot/)
      .getByText('Takes events')
      .waitFor();
    await expectNoSecrets();
    expect(secrets.filter((secret) => manager.output().includes(secret))).toEqual([]);
  });

  it('changes accounts and URL', async () => {
    await page.getByRole('link', { name: 'Support bot' }).click();
    const form = region('Settings');
    expect(await form.getByLabel('URL', { exact: true }).inputValue()).toBe(`${program.url}/bots/7f0c`);
    expect(await form.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    const accounts = form.getByRole('combobox', { name: 'Accounts' });
    await accounts.focus();
    for (const key of ['Backspace', 'Backspace']) await page.keyboard.press(key);
    await accounts.fill(later);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await form.getByLabel('URL', { exact: true }).fill(`${program.url}/bots/moved`);
    await form.getByText('Not saved yet').waitFor();
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Support bot is changed.').waitFor();
    await seeSoon(region('Accounts').getByRole('link', { name: later }));
    await screenshot(page, 'console-bot');
    expect(await seriousViolations(page)).toEqual([]);
    const arrived = program.next();
    await sendMessage(manager.url, app, later);
    expect((await arrived).path).toBe('/bots/moved');
  });

  it('changes nothing but what was changed in the form: not the query of the URL, which is not shown', async () => {
    const url = `${program.url}/bots/moved`;
    const id = idOnPage();
    await patch(id, { callback: { url: `${url}?tenant=7` } });
    await page.reload();
    const form = region('Settings');
    await form.getByLabel('Longest attempt, milliseconds').fill('6000');
    // Meanwhile somebody else gives it another account.
    await patch(id, { openKfIds: [later, typed] });
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Support bot is changed.').waitFor();
    const arrived = program.next();
    await sendMessage(manager.url, app, typed);
    expect((await arrived).target).toMatch(/^\/bots\/moved\?tenant=7&/);
    expect((await patch(id, { openKfIds: [later], callback: { url } })).status).toBe(200);
  });

  it('changes a bot that opens a stream', async () => {
    const bot = { name: 'Laptop', corpId: app.corpId, openKfIds: ['wkLaptop1'], kind: 'stream' };
    const added = await postJson(`${manager.url}/api/v1/bots`, { ...bot, takes: 'event' });
    const { id } = (await added.json()) as { id: string };
    const other = await page.context().newPage();
    await other.goto(`${manager.url}/console/bots/${id}`);
    const form = other.getByRole('region', { name: 'Settings' });
    await form.getByLabel('Name', { exact: true }).fill('Desk');
    await form.getByRole('button', { name: 'Save' }).click();
    await other.getByText('Desk is changed.').waitFor();
    await other.getByRole('heading', { name: 'Desk', exact: true }).waitFor();
    await other.getByText('None is connected.').waitFor();
    await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
    await other.close();
  });

  it('makes a new key, and shows it once', async () => {
    const section = region('New key');
    await section.getByRole('combobox', { name: 'The current key stays valid for' }).focus();
    for (const key of ['Enter', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await section.getByTitle('1 day').waitFor();
    await section.getByRole('button', { name: 'Make a new key' }).click();
    const key = await section.getByLabel('Key', { exact: true }).inputValue();
    expect(key).toMatch(/^wxkf_/);
    expect(secrets).not.toContain(key);
    expect(await section.getByLabel('Base URL that ends in /cgi-bin', { exact: true }).inputValue()).toBe(
      `${manager.url}/bot/${key}/cgi-bin`,
    );
    secrets.push(key);
    await toList();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await section.getByRole('button', { name: 'Copy Key' }).click();
    await toList();
    await row(/Support bot/).waitFor();
    await expectNoSecrets();
  });

  it('says which account another bot has, and asks before what was chosen is dropped', async () => {
    await page.getByRole('link', { name: 'Add a bot' }).click();
    await press('Continue');
    const taken = row(new RegExp(`${later}.*Support bot`)).getByRole('checkbox');
    await taken.check();
    await page.getByText(`${later} belongs to Support bot.`).waitFor();
    await taken.uncheck();
    await page.getByLabel('Account ids (open_kfid)').fill(later);
    await press('Continue');
    await page.getByRole('radio', { name: /^wechaty-puppet-wxkf/ }).check();
    await page.getByText('It says itself where it is reached').waitFor();
    await press('Add the bot');
    await page.getByText('Another bot has one of these accounts.').waitFor();
    await toList();
    const question = page.getByRole('dialog', { name: 'Leave without adding the bot?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await press('Back');
    await page.getByRole('radio', { name: /All others of the corp/ }).check();
    await press('Continue');
    await press('Add the bot');
    await page.getByText('the id of the account that it answers for').waitFor();
    expect(await textOf('PUPPET_WXKF_MANAGER_ENDPOINT')).toMatch(
      /^http:\/\/puppet:wxkf_[\w-]{43}@127\.0\.0\.1:\d+$/,
    );
    await press('I have saved them');
    await toList();
    await row(/wechaty-puppet-wxkf/).waitFor();
    await screenshot(page, 'console-bots');
  });

  it('begins with the account of a link, and forgets it with the page', async () => {
    const other = await page.context().newPage();
    const query = new URLSearchParams({ corpId: app.corpId, openKfId: picked });
    await other.goto(`${manager.url}/console/bots/add?${query}`);
    await other.getByText('1 account is chosen').waitFor();
    await other.getByRole('link', { name: 'All bots' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
    await other.getByRole('link', { name: 'Add a bot' }).click();
    await other.getByRole('radio', { name: app.corpId }).waitFor();
    await other.close();
  });

  it('gives a puppet messages, once WeCom has accepted its Secret, and shows its signing secret once', async () => {
    await beginBot(newOpenKfId());
    await page.getByRole('radio', { name: /^wechaty-puppet-wxkf/ }).check();
    await page.getByLabel('Name', { exact: true }).fill('Message puppet');
    expect(await page.getByRole('radio', { name: /Events \(recommended\)/ }).isChecked()).toBe(true);
    await page.getByRole('radio', { name: /^Messages/ }).check();
    await page.getByLabel('Secret of the app in WeCom').fill('a-wrong-secret');
    await press('Add the bot');
    await page
      .getByText(/corpSecret must be one that WeCom accepts for the corp \(errcode 40001\)/)
      .waitFor();
    await page.getByLabel('Secret of the app in WeCom').fill(SECRET);
    await press('Add the bot');
    const signing = await textOf('Signing secret');
    expect(signing).toMatch(/^whsec_/);
    secrets.push(signing, SECRET);
    const sessions = page.getByRole('link', { name: /^Share its customers with people/ });
    expect(await sessions.getAttribute('href')).toMatch(/#sessions$/);
    expect(await sessions.getAttribute('target')).toBe('_blank');
    await screenshot(page, 'console-bot-messages');
    expect(await seriousViolations(page)).toEqual([]);
    await press('I have saved them');
    await toList();
    await page.getByRole('link', { name: 'Message puppet' }).click();
    await page.getByText('one after the other of each account').waitFor();
    await expectNoSecrets();
    await page.getByRole('radio', { name: /^Events/ }).check();
    await press('Save');
    await page.getByText('Message puppet is changed.').waitFor();
    await screenshot(page, 'console-bot-takes');
    await toList();
  });

  it('leaves accounts to people, whose events wait for nobody', async () => {
    const staffed = newOpenKfId();
    await beginBot(staffed);
    await page.getByRole('radio', { name: /No bot/ }).check();
    await page.getByLabel('Name', { exact: true }).fill('Front desk');
    await page.getByText('People serve these accounts.').waitFor();
    await press('Add the bot');
    await row(/Front desk/)
      .getByText('Left to people')
      .waitFor();
    await sendMessage(manager.url, app, staffed);
    const waiting = await fetch(`${manager.url}/api/v1/hints?state=waiting`);
    expect(await waiting.text()).not.toContain(staffed);
  });

  it('adds a program of one’s own, with its code, to which messages come as signed JSON', async () => {
    await page.goto(`${manager.url}/console/bots`);
    await beginBot(newOpenKfId());
    await page.getByRole('radio', { name: /signed JSON/ }).check();
    await page.getByText("import { createServer } from 'node:http';").waitFor();
    await page.getByText('Python', { exact: true }).click();
    await page.getByText('from http.server import').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('My own');
    await page.getByLabel('URL', { exact: true }).fill(`${program.url}/own`);
    await page.getByLabel('Secret of the app in WeCom').fill(SECRET);
    await press('Add the bot');
    expect(await textOf('SIGNING_SECRET')).toMatch(/^whsec_/);
    expect(await textOf('BOT_KEY')).toMatch(/^wxkf_/);
    await screenshot(page, 'console-bot-own');
    expect(await seriousViolations(page)).toEqual([]);
    for (const name of ['BOT_KEY', 'SIGNING_SECRET']) await press(`Copy ${name}`);
    await toList();
    await page.getByRole('link', { name: 'My own' }).click();
    await region('What it is').getByText('Signed JSON').waitFor();
    await toList();
  });

  it('pauses a bot with one click, says how much waits, and sends it with another', async () => {
    const openKfId = newOpenKfId();
    const url = `${program.url}/paused`;
    const bot = { name: 'Night shift', corpId: app.corpId, openKfIds: [openKfId], kind: 'callback' };
    const added = await postJson(`${manager.url}/api/v1/bots`, { ...bot, takes: 'event', callback: { url } });
    const { id } = (await added.json()) as { id: string };
    await page.goto(`${manager.url}/console/bots/${id}`);
    await press('Pause');
    await page.getByText('Night shift is paused.').waitFor();
    const before = program.received.length;
    await sendMessage(manager.url, app, openKfId);
    await seeSoon(page.getByText('1 waiting'));
    expect(program.received.length).toBe(before);
    await screenshot(page, 'console-bot-paused');
    expect(await seriousViolations(page)).toEqual([]);
    const arrived = program.next();
    await press('Resume');
    expect((await arrived).path).toBe('/paused');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
    await page.goto(`${manager.url}/console/bots`);
  });

  it.each(LOOKS)(
    'keeps inside the window at every width, by the CSP, in $locale, dark: $dark',
    async (look) => {
      const other = await openAs(browser, look);
      await other.goto(`${manager.url}/console/bots`);
      await other.getByRole('link', { name: 'Support bot' }).waitFor();
      await keepsInside(other, 'bots', look);
      await other.getByRole('link', { name: 'Support bot' }).click();
      await other.getByRole('link', { name: later }).waitFor();
      await keepsInside(other, 'bot', look);
      await other.goto(`${manager.url}/console/bots/add?corpId=${app.corpId}`);
      await other.getByRole('row').nth(1).waitFor();
      await keepsInside(other, 'bot-add', look);
      await other.context().close();
    },
  );

  it('deletes a bot after its name was typed, and the puppet has its account again', async () => {
    await page.getByRole('link', { name: 'Support bot' }).click();
    await patch(idOnPage(), { openKfIds: [later, picked] });
    await press('Delete Support bot');
    const dialog = page.getByRole('dialog', { name: 'Delete Support bot?' });
    await dialog.getByText(/Its key ends at once/).waitFor();
    const run = dialog.getByRole('button', { name: 'Delete it' });
    expect(await run.isDisabled()).toBe(true);
    await dialog.getByLabel('Type Support bot to confirm').fill('Support bot');
    await run.click();
    await page.getByRole('heading', { name: 'Bots', exact: true }).waitFor();
    await row(/Support bot/).waitFor({ state: 'detached' });
    const arrived = puppet.next();
    await sendMessage(manager.url, app, picked);
    await arrived;
  });
});
