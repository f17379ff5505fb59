/** Who is let into the console, and what is seen when the session or the manager is gone. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
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
import { embeddedPlace } from '../support/place.js';

const TOKEN = 'operator-token-of-the-tests';

describeInBrowser('the console of a protected manager', () => {
  const place = embeddedPlace();
  let browser: Browser;
  let manager: ManagerProcess;
  let page: Page;

  beforeAll(async () => {
    [browser, manager] = await Promise.all([
      openBrowser(),
      startManager({ ...place.env, AUTH_OPERATOR_TOKEN: TOKEN }),
    ]);
    page = await newPage(browser);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), manager.stop()]);
    await place.discard();
  });

  async function signIn(token = TOKEN, tab = page): Promise<void> {
    await tab.getByLabel('Operator token').fill(token);
    await tab.getByRole('button', { name: 'Sign in' }).click();
  }

  async function signOut(tab = page): Promise<void> {
    await tab.getByRole('button', { name: /shared secret|carol/ }).click();
    await tab.getByRole('menuitem', { name: 'Sign out' }).click();
  }

  /** Who is signed in, and what that one may do. */
  const operator = (name: string, tab = page) => tab.getByRole('button', { name });

  /** As somebody who is not signed in. */
  async function open(path: string): Promise<void> {
    await page.context().clearCookies();
    await page.goto(`${manager.url}/console${path}`);
  }

  it('asks for an operator token and says where it is found', async () => {
    await open('');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.title()).toBe('Sign in · WXKF-Manager');
    expect(await page.textContent('main')).toContain('AUTH_OPERATOR_TOKEN');
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'console-sign-in');
  });

  it('says that a token is wrong and what to do, with the manager’s own words below', async () => {
    await open('');
    await signIn('not-the-operator-token');
    await page.getByRole('alert').getByText('This token is not right').waitFor();
    await page.getByRole('alert').getByText('Paste it whole').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'console-sign-in-wrong');
    await page.getByText('Details for whoever runs the manager').click();
    expect(await page.getByRole('alert').textContent()).toContain(
      'The credentials are not a secret of the manager',
    );
  });

  it('shows the page that was asked for after the sign-in, also by keyboard alone, and signs out', async () => {
    await open('');
    await page.getByLabel('Operator token').waitFor();
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(await page.title()).toBe('Overview · WXKF-Manager');
    await page.reload();
    await signOut();
    await page.getByText('You are signed out.').waitFor();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('shows a named operator who is signed in, lets a reader change nothing, and shows admins who did what', async () => {
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
      const options = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await fetch(`${manager.url}/api/v1/${path}`, options)).json() as Promise<{ token: string }>;
    };
    const { token } = await post('operators', { name: 'bob', role: 'reader' });
    await post('apps', { corpId: 'ww1234567890abcdef', name: 'Support' });
    await open('/apps');
    await signIn(token);
    await operator('bob · reads only').waitFor();
    await page.getByRole('link', { name: 'Support' }).click();
    const remove = page.getByRole('button', { name: 'Remove' });
    expect([await remove.isDisabled(), await remove.getAttribute('title')]).toEqual([
      true,
      expect.stringMatching(/^You have the role reader/),
    ]);
    await page.getByRole('link', { name: 'Audit' }).click();
    const sentence = (text: string) => page.getByRole('button', { name: text, exact: true });
    await seeSoon(sentence('bob signed in'));
    const added = sentence('The shared secret added operator bob');
    await added.click();
    await page.getByText('POST /api/v1/operators 200').waitFor();
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'console-audit');
    await page.getByRole('combobox', { name: 'Operator' }).click();
    await page.getByTitle('bob', { exact: true }).click();
    await added.waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?operator=bob');
  });

  it('tells in sentences who added, changed and removed what, also once it is gone', async () => {
    const call = async (method: string, path: string, body?: object) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
      const options = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      return (await (await fetch(`${manager.url}/api/v1/${path}`, options)).json()) as { id: string };
    };
    const bot = { name: 'LangBot', kind: 'stream', corpId: 'ww1234567890abcdef', openKfIds: ['*'] };
    const { id } = await call('POST', 'bots', bot);
    await call('PATCH', `bots/${id}`, { openKfIds: ['wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTA'], name: 'Hotline' });
    await call('DELETE', `bots/${id}`);
    await call('DELETE', `bots/${id}`);
    await open('/audit');
    await signIn();
    const sentence = (text: string) => page.getByRole('button', { name: text, exact: true });
    await seeSoon(sentence('The shared secret added bot LangBot'));
    await seeSoon(sentence('The shared secret changed the name and the accounts of bot Hotline'));
    await seeSoon(sentence('The shared secret removed bot Hotline'));
    await seeSoon(sentence(`The shared secret could not remove bot ${id}`));
  });

  it('names whoever has signed in meanwhile in another tab, and lets do what that one may', async () => {
    const added = await fetch(`${manager.url}/api/v1/operators`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ name: 'carol', role: 'reader' }),
    });
    const { token } = (await added.json()) as { token: string };
    await open('');
    await signIn();
    await operator('shared secret').waitFor();
    const other = await page.context().newPage();
    await other.goto(`${manager.url}/console`);
    await signOut(other);
    await signIn(token, other);
    await operator('carol · reads only', other).waitFor();
    await seeSoon(operator('carol · reads only'));
    await signOut(other);
    await other.getByText('You are signed out.').waitFor();
    await seeSoon(page.getByText('Your session has ended'));
    await other.close();
  });

  it('says that the session has ended, and comes back to the same page', async () => {
    await open('');
    await signIn();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.context().clearCookies();
    await seeSoon(page.getByText('Your session has ended'));
    await screenshot(page, 'console-session-ended');
    await signIn();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console');
  });

  it('keeps what it knew when the manager is gone, greys it and says how old it is, and goes on when it is back', async () => {
    await open('');
    await signIn();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    const { port } = new URL(manager.url);
    await manager.stop();
    await seeSoon(page.getByText(/No answer from the manager.*Last answer \d+ sec ago/));
    await seeSoon(page.locator('main.old'));
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await screenshot(page, 'console-unreachable');
    [manager] = await Promise.all([
      startManager({ ...place.env, AUTH_OPERATOR_TOKEN: TOKEN, PORT: port }),
      page.getByText('The manager answers again.').waitFor(),
    ]);
    await seeSoon(page.locator('strong', { hasText: 'There is no bot yet' }));
    await seeSoon(page.getByText(/No answer from the manager.*Last/), 'detached');
    await seeSoon(page.locator('main.old'), 'detached');
  });
});
