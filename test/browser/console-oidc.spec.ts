/** Signing in to the console by a real OpenID provider: one manager, one more replica, one provider. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import {
  describeInBrowser,
  newPage,
  openBrowser,
  screenshot,
  seriousViolations,
} from '../support/browser.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import { consentAs, type OidcProvider, startOidcProvider } from '../support/oidc-provider.js';
import { embeddedPlace } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';

const TOKEN = 'marked-token-of-operators';
const CLIENT = { clientId: 'manager', clientSecret: 'marked-secret-of-the-client' };
const GROUPS = { alice: ['staff', 'ops'], bob: ['support'], carol: ['staff'] };

describeInBrowser('the console of a manager with a provider', () => {
  const [place, otherPlace] = [embeddedPlace(), embeddedPlace()];
  let browser: Browser;
  let provider: OidcProvider;
  let manager: ManagerProcess;
  let replica: ManagerProcess;
  let publicUrl: string;
  let page: Page;

  beforeAll(async () => {
    publicUrl = new URL(await refusedUrl()).origin;
    const redirectUri = `${publicUrl}/console/oidc/callback`;
    [browser, provider] = await Promise.all([
      openBrowser(),
      startOidcProvider({ ...CLIENT, redirectUri }, GROUPS),
    ]);
    const env = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'trace',
      AUTH_OPERATOR_TOKEN: TOKEN,
      PUBLIC_URL: publicUrl,
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: CLIENT.clientId,
      OIDC_CLIENT_SECRET: CLIENT.clientSecret,
      OIDC_ADMIN_GROUPS: 'ops',
      OIDC_READER_GROUPS: 'support',
      OIDC_SCOPES: 'openid profile groups',
    };
    [manager, replica] = await Promise.all([
      startManager({ ...place.env, ...env, PORT: new URL(publicUrl).port }),
      startManager({ ...otherPlace.env, ...env }),
    ]);
    page = await newPage(browser);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), provider.close(), manager.stop(), replica.stop()]);
    await Promise.all([place.discard(), otherPlace.discard()]);
    const output = manager.output() + replica.output();
    expect(output).toContain('oidc.signed_in');
    expect(provider.given.length).toBeGreaterThan(9);
    for (const secret of ['marked-', 'wxkf_session', 'wxkf_sign_in', ...provider.given])
      expect(output).not.toContain(secret);
  });

  /** As somebody whom neither the manager nor the provider knows yet. */
  async function signInAs(name: string, path = '/console'): Promise<void> {
    await page.context().clearCookies();
    await page.goto(publicUrl + path);
    await page.getByRole('link', { name: 'Sign in with localhost' }).click();
    await page.getByRole('button', { name }).click();
  }

  it('signs an admin in, shows the page that was asked for, and names them in the audit log', async () => {
    await signInAs('alice', '/console/waiting?state=dead');
    await page
      .getByRole('banner')
      .getByText(/alice [\w-]{12} \(OIDC\) · admin/)
      .waitFor();
    expect(page.url()).toBe(`${publicUrl}/console/waiting?state=dead`);
    const app = { corpId: 'ww1234567890abcdef', name: 'Support' };
    const headers = { 'x-wxkf-console': '1' };
    const added = await page.request.post(`${publicUrl}/api/v1/apps`, { data: app, headers });
    expect(added.status()).toBe(200);
    await page.getByRole('link', { name: 'Audit' }).click();
    const ofAlice = (what: RegExp) => page.getByRole('button', { name: what });
    await ofAlice(/^alice [\w-]{12} \(OIDC\) signed in with the company’s account$/).waitFor();
    await ofAlice(/^alice [\w-]{12} \(OIDC\) connected app Support$/).waitFor();
  });

  it('lets a reader change nothing, and ends the session everywhere when they sign out', async () => {
    await signInAs('bob');
    await page
      .getByRole('banner')
      .getByText(/bob [\w-]{12} \(OIDC\) · reads only/)
      .waitFor();
    const cookies = await page.context().cookies(publicUrl);
    expect(cookies).toMatchObject([{ name: 'wxkf_session', httpOnly: true, sameSite: 'Strict' }]);
    const cookie = `wxkf_session=${cookies[0]?.value}`;
    const ask = async (method: string, at: ManagerProcess = manager) => {
      const headers = { cookie, 'x-wxkf-console': '1' };
      const answer = await fetch(`${at.url}/api/v1/apps`, { method, headers });
      return answer.status === 200 ? 200 : ((await answer.json()) as { error: string }).error;
    };
    expect([await ask('GET'), await ask('POST'), await ask('GET', replica)]).toEqual([
      200,
      'AUTH_READER',
      200,
    ]);
    await page.getByRole('button', { name: /^bob / }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await ask('GET')).toBe('AUTH_SESSION_ENDED');
  });

  it('refuses who is in no group that counts, and says which claim was looked at', async () => {
    await signInAs('carol');
    await page.getByRole('alert').getByText('you are in no group that may use this manager').waitFor();
    await page.getByText('The claim that decides it: groups').waitFor();
    await page.waitForURL(`${publicUrl}/console`);
    expect(await page.textContent('main')).not.toContain('staff');
    expect(await page.context().cookies(publicUrl)).toEqual([]);
    expect(await seriousViolations(page)).toEqual([]);
    await screenshot(page, 'console-oidc-refused');
    await manager.line(
      ({ error, operator }) =>
        error === 'AUTH_OIDC_NO_ROLE' && /^carol [\w-]{12} \(OIDC\)$/.test(String(operator)),
    );
  });

  it('has each replica finish what another one began, once and in that browser alone', async () => {
    const navigate = (at: string, path: string, cookie = '') =>
      fetch(at + path, { headers: { accept: 'text/html', cookie }, redirect: 'manual' });
    const began = await navigate(manager.url, '/console/oidc?to=https://evil.example');
    const [flow = ''] = began.headers.getSetCookie();
    expect(flow).toMatch(/^wxkf_sign_in=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    const cookie = flow.replace(/;.*/, '');
    const { pathname, search } = await consentAs('alice', began.headers.get('location') ?? '', publicUrl);
    const finish = async (sent: string) => {
      const answer = await navigate(replica.url, pathname + search, sent);
      const session = answer.headers.getSetCookie().find((one) => one.startsWith('wxkf_session'));
      return [answer.status, answer.headers.get('location'), session?.replace(/=.*?;/, '=…;')];
    };
    const refused = (code: string) => [303, `/console?signInError=${code}`, undefined];
    expect(await finish('')).toEqual(refused('AUTH_OIDC_NOT_BEGUN'));
    expect(await finish(cookie)).toEqual([
      303,
      '/console',
      'wxkf_session=…; Max-Age=28800; Path=/; HttpOnly; SameSite=Strict',
    ]);
    expect(await finish(cookie)).toEqual(refused('AUTH_OIDC_REFUSED'));
    const program = await fetch(`${replica.url}${pathname}${search}`);
    expect([program.status, await program.json()]).toEqual([
      401,
      expect.objectContaining({ error: 'AUTH_OIDC_NOT_BEGUN' }),
    ]);
  });

  it('says so when the provider is away, and goes on with tokens', async () => {
    await provider.close();
    // What the provider said of itself is known, and the token is asked for in vain.
    const began = await fetch(`${manager.url}/console/oidc`, { redirect: 'manual' });
    const state = new URL(began.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const back = new URLSearchParams({ code: 'marked-code', state, iss: provider.issuer });
    const [flow = ''] = began.headers.getSetCookie();
    const [name = '', value = ''] = flow.replace(/;.*/, '').split('=');
    await page.context().clearCookies();
    await page.context().addCookies([{ name, value, url: publicUrl }]);
    await page.goto(`${publicUrl}/console/oidc/callback?${back}`);
    await page.getByRole('alert').getByText('does not answer now').waitFor();
    await page.getByLabel('Operator token').fill(TOKEN);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('banner').getByText('shared secret').waitFor();
    const metrics = await scrape(manager.url, { authorization: `Bearer ${TOKEN}` });
    expect(metrics.value('wxkf_oidc_calls_total', { result: 'failed' })).toBe(1);
    expect(metrics.value('wxkf_oidc_calls_total', { result: 'answered' })).toBeGreaterThan(3);
  });
});
