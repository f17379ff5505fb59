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

const NARROW = { width: 320, height: 720 };
const DESK = { width: 1280, height: 800 };

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
    wecom.addSecret(app.corpId, 'corp-secret-of-the-tests');
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
  const isWhole = async (one: Page) =>
    expect(await one.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(NARROW.width);

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

  it('asks for program, accounts and URL, step by step', async () => {
    await page.goto(`${manager.url}/console/bots`);
    await page.getByText('No bot is added yet').waitFor();
    const puppets = page.getByRole('link', { name: 'See puppets and their accounts' });
    expect(await puppets.getAttribute('href')).toBe('/console/kf-accounts');
    await screenshot(page, 'console-no-bots');
    await page.getByRole('link', { name: 'Add a bot' }).click();
    await page.getByText('Step 1 of 4.').waitFor();
    await page.getByRole('radio', { name: /LangBot/ }).check();
    await press('Continue');

    await page.getByRole('heading', { name: 'Corp and accounts' }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await page.getByLabel('Name').fill('Support bot');
    await page.getByLabel('Corp id').fill(app.corpId);
    await page.getByRole('checkbox', { name: picked }).check();
    await page.getByLabel('Account ids (open_kfid)').fill(typed);
    await screenshot(page, 'console-bot-accounts');
    expect(await seriousViolations(page)).toEqual([]);
    await press('Continue');

    await page.getByRole('heading', { name: 'Where it is reached' }).waitFor();
    await press('Back');
    expect(await page.getByRole('checkbox', { name: picked }).isChecked()).toBe(true);
    await press('Continue');
    expect(await page.getByRole('radio', { name: /Messages \(recommended\)/ }).isChecked()).toBe(true);
    await page.getByLabel('Secret of the app in WeCom').waitFor();
    await page.getByRole('radio', { name: /Events/ }).check();
    await page.getByLabel('URL').fill('http://user:password@127.0.0.1/callback');
    await press('Add the bot');
    await page.getByText('REQUEST_INVALID').waitFor();
    expect(await page.textContent('[role=alert] p')).toContain('callback.url');
    await page.getByLabel('URL').fill(`${program.url}/bots/7f0c`);
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
      await page.getByRole('link', { name: 'Correct its URL in a new tab' }).getAttribute('target'),
    ).toBe('_blank');
    await screenshot(page, 'console-bot-added');
    expect(await seriousViolations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect(await seriousViolations(page, 'colours')).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(NARROW);
    await isWhole(page);
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
    await page.getByRole('link', { name: 'All bots' }).click();
    const question = page.getByRole('dialog', { name: 'Leave without these secrets?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    for (const name of ['token', 'EncodingAESKey', 'api_base_url']) await press(`Copy ${name}`);
    await page.getByText('They are not shown again').waitFor();
    expect(new URL(page.url()).search).toBe('');
    await page.getByRole('link', { name: 'All bots' }).click();
    const card = page.getByRole('region', { name: 'Support bot' });
    await card.getByText('Takes events').waitFor();
    await card.getByText(`${program.url}/bots/7f0c`).waitFor();
    await card.getByText(typed).waitFor();
    await expectNoSecrets();
    expect(secrets.filter((secret) => manager.output().includes(secret))).toEqual([]);
  });

  it('changes accounts and URL', async () => {
    await page.getByRole('link', { name: 'Change Support bot' }).click();
    const form = page.getByRole('region', { name: 'Change' });
    await form.getByLabel('Accounts').fill(later);
    await form.getByLabel('URL').fill(`${program.url}/bots/moved`);
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Support bot is changed.').waitFor();
    await page.getByRole('definition').filter({ hasText: later }).waitFor();
    await screenshot(page, 'console-bot');
    expect(await seriousViolations(page)).toEqual([]);
    const arrived = program.next();
    await sendMessage(manager.url, app, later);
    expect((await arrived).path).toBe('/bots/moved');
  });

  it('changes nothing but what was changed in the form: not the query of the URL, which is not shown', async () => {
    const url = `${program.url}/bots/moved`;
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const change = (body: object) =>
      fetch(`${manager.url}/api/v1/bots/${id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await change({ callback: { url: `${url}?tenant=7` } });
    await page.reload();
    const form = page.getByRole('region', { name: 'Change' });
    await form.getByLabel('Longest attempt, milliseconds').fill('5000');
    // Meanwhile somebody else gives it another account.
    await change({ openKfIds: [later, typed] });
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Support bot is changed.').waitFor();
    const arrived = program.next();
    await sendMessage(manager.url, app, typed);
    expect((await arrived).target).toMatch(/^\/bots\/moved\?tenant=7&/);
    expect((await change({ openKfIds: [later], callback: { url } })).status).toBe(200);
  });

  it('changes a bot that opens a stream', async () => {
    const bot = { name: 'Laptop', corpId: app.corpId, openKfIds: ['wkLaptop1'], kind: 'stream' };
    const added = await postJson(`${manager.url}/api/v1/bots`, { ...bot, takes: 'event' });
    const { id } = (await added.json()) as { id: string };
    const other = await page.context().newPage();
    await other.goto(`${manager.url}/console/bots/${id}`);
    const form = other.getByRole('region', { name: 'Change' });
    await form.getByLabel('Name').fill('Desk');
    await form.getByRole('button', { name: 'Save' }).click();
    await other.getByText('Desk is changed.').waitFor();
    await other.getByRole('heading', { name: 'Desk', exact: true }).waitFor();
    await fetch(`${manager.url}/api/v1/bots/${id}`, { method: 'DELETE' });
    await other.close();
  });

  it('makes a new key, and shows it once', async () => {
    const section = page.getByRole('region', { name: 'New key' });
    await section.getByLabel('The current key stays valid for').selectOption('1 day');
    await section.getByRole('button', { name: 'Make a new key' }).click();
    const key = await section.getByLabel('Key', { exact: true }).inputValue();
    expect(key).toMatch(/^wxkf_/);
    expect(secrets).not.toContain(key);
    expect(await section.getByLabel('Base URL that ends in /cgi-bin', { exact: true }).inputValue()).toBe(
      `${manager.url}/bot/${key}/cgi-bin`,
    );
    secrets.push(key);
    await page.getByRole('link', { name: 'All bots' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await section.getByRole('button', { name: 'Copy Key' }).click();
    await page.getByRole('link', { name: 'All bots' }).click();
    await page.getByRole('region', { name: 'Support bot' }).waitFor();
    await expectNoSecrets();
  });

  it('says which account another bot has', async () => {
    await page.getByRole('link', { name: 'Add a bot' }).click();
    await page.getByRole('radio', { name: /wechaty-puppet-wxkf/ }).check();
    await press('Continue');
    await page.getByLabel('Corp id').fill(app.corpId);
    await page.getByLabel('Account ids (open_kfid)').fill(later);
    await press('Continue');
    await page.getByText('It says itself where it is reached').waitFor();
    await press('Add the bot');
    await page.getByText('Another bot has one of these accounts.').waitFor();
    await press('Back');
    await page.getByRole('radio', { name: /All others of the corp/ }).check();
    await press('Continue');
    await press('Add the bot');
    await page.getByText('the id of the account that it answers for').waitFor();
    expect(await textOf('PUPPET_WXKF_MANAGER_ENDPOINT')).toMatch(
      /^http:\/\/puppet:wxkf_[\w-]{43}@127\.0\.0\.1:\d+$/,
    );
    await press('I have saved them');
    await page.getByRole('link', { name: 'All bots' }).click();
    await page.getByRole('region', { name: 'wechaty-puppet-wxkf' }).getByText('registers itself').waitFor();
    await screenshot(page, 'console-bots');
  });

  it('gives a puppet messages, once WeCom has accepted its Secret, and shows its signing secret once', async () => {
    await page.getByRole('link', { name: 'Add a bot' }).click();
    await page.getByRole('radio', { name: /wechaty-puppet-wxkf/ }).check();
    await press('Continue');
    await page.getByLabel('Name').fill('Message puppet');
    await page.getByLabel('Corp id').fill(app.corpId);
    await page.getByLabel('Account ids (open_kfid)').fill(newOpenKfId());
    await press('Continue');
    expect(await page.getByRole('radio', { name: /Events \(recommended\)/ }).isChecked()).toBe(true);
    await page.getByRole('radio', { name: /Messages/ }).check();
    await page.getByLabel('Secret of the app in WeCom').fill('a-wrong-secret');
    await press('Add the bot');
    await page
      .getByText(/corpSecret must be one that WeCom accepts for the corp \(errcode 40001\)/)
      .waitFor();
    await page.getByLabel('Secret of the app in WeCom').fill('corp-secret-of-the-tests');
    await press('Add the bot');
    const signing = await textOf('Signing secret');
    expect(signing).toMatch(/^whsec_/);
    secrets.push(signing, 'corp-secret-of-the-tests');
    await screenshot(page, 'console-bot-messages');
    expect(await seriousViolations(page)).toEqual([]);
    await press('I have saved them');
    await page.getByRole('link', { name: 'All bots' }).click();
    await page
      .getByRole('region', { name: 'Message puppet' })
      .getByText('one after the other of each account')
      .waitFor();
    await expectNoSecrets();
    await page.getByRole('link', { name: 'Change Message puppet' }).click();
    await page.getByRole('radio', { name: /Events/ }).check();
    await page.getByRole('button', { name: 'Save' }).last().click();
    await page.getByText('Message puppet is changed.').waitFor();
    await screenshot(page, 'console-bot-takes');
    await page.getByRole('link', { name: 'All bots' }).click();
  });

  it('leaves accounts to people, whose events wait for nobody', async () => {
    const staffed = newOpenKfId();
    await page.getByRole('link', { name: 'Add a bot' }).click();
    await page.getByRole('radio', { name: /No bot/ }).check();
    await press('Continue');
    await page.getByLabel('Name').fill('Front desk');
    await page.getByLabel('Corp id').fill(app.corpId);
    await page.getByLabel('Account ids (open_kfid)').fill(staffed);
    await press('Continue');
    await page.getByText('People serve these accounts.').waitFor();
    await press('Add the bot');
    await page.getByRole('region', { name: 'Front desk' }).getByText('Left to people').waitFor();
    await sendMessage(manager.url, app, staffed);
    const waiting = await fetch(`${manager.url}/api/v1/hints?state=waiting`);
    expect(await waiting.text()).not.toContain(staffed);
  });

  it('is whole in Chinese on a narrow phone', async () => {
    const phone = await newPage(browser, { locale: 'zh-CN', phone: true });
    await phone.setViewportSize(NARROW);
    await phone.goto(`${manager.url}/console/bots`);
    await phone.getByRole('region', { name: 'Support bot' }).waitFor();
    await isWhole(phone);
    await screenshot(phone, 'console-bots-phone');
    await phone.getByRole('link', { name: 'Support bot', exact: true }).click();
    await phone.getByRole('button', { name: '生成新密钥' }).waitFor();
    await isWhole(phone);
    await phone.goto(`${manager.url}/console/bots/add`);
    await phone.getByText('第 1 步，共 4 步。').waitFor();
    await isWhole(phone);
  });

  it('deletes a bot after asking, and the puppet has its account again', async () => {
    await press('Delete Support bot');
    const dialog = page.getByRole('dialog', { name: 'Delete Support bot?' });
    await dialog.getByText(/Its key ends at once/).waitFor();
    await dialog.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('region', { name: 'Support bot' }).waitFor({ state: 'detached' });
    const arrived = puppet.next();
    await sendMessage(manager.url, app, picked);
    await arrived;
  });
});
