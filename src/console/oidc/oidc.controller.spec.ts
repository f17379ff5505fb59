import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { loadConfig } from '../../config/config.js';
import { errorPageFor } from '../../http/answers/error-page.js';
import { routeConfigOf } from '../../http/routes/route-config.js';
import { AppError } from '../../kernel/app-error.js';
import type { Log } from '../../kernel/log.js';
import { oidcConfig } from './oidc.config.js';
import { OidcController } from './oidc.controller.js';
import { OidcProvider } from './oidc-provider.js';
import { OidcSignIn } from './oidc-sign-in.js';

const ASKED = '/console/outbox?state=dead&q=%E7%8E%8B';
const BEGIN = `/console/oidc?to=${encodeURIComponent(ASKED)}`;
const CALLBACK = '/console/oidc/callback';

/** It sends browsers to a place, and confirms nobody. */
class SomeProvider extends OidcProvider {
  isAway = false;

  override async addressFor({ state }: { readonly state: string }): Promise<URL> {
    if (this.isAway) throw new AppError('AUTH_OIDC_UNREACHABLE');
    return new URL(`https://login.example/auth?state=${state}`);
  }

  override async confirm(): Promise<never> {
    throw new AppError('AUTH_OIDC_REFUSED');
  }
}

const clock = new ManualClock();
const provider = new SomeProvider({} as never, clock);
let app: FastifyInstance;

beforeAll(async () => {
  const config = loadConfig({
    OIDC_ISSUER: 'https://login.example',
    OIDC_CLIENT_ID: 'manager',
    OIDC_CLIENT_SECRET: 'secret-of-the-client',
    OIDC_ADMIN_GROUPS: 'ops',
    PUBLIC_URL: 'https://wxkf.example',
  });
  const signIn = new OidcSignIn(oidcConfig(config), provider, clock);
  const controller = new OidcController(signIn, {} as Log);
  app = fastify();
  app.setErrorHandler((error, request, reply) => {
    if (!(error instanceof AppError)) throw error;
    const page = errorPageFor(request, error);
    return page === null ? reply.code(401).send(error.code) : reply.redirect(page, 303);
  });
  app.get<{ Querystring: { to?: string } }>(
    '/console/oidc',
    { config: routeConfigOf(controller.begin) ?? {} },
    async (request, reply) => controller.begin(request.query, request, reply),
  );
  app.get(CALLBACK, { config: routeConfigOf(controller.finish) ?? {} }, async (request, reply) =>
    controller.finish(request, reply),
  );
});
afterAll(() => app.close());

async function open(url: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await app.inject({ url, headers: { accept: 'text/html', ...headers } });
  expect(answer.statusCode).toBe(303);
  return { to: String(answer.headers.location), cookie: [answer.headers['set-cookie'] ?? []].flat() };
}

describe('a sign-in', () => {
  it.each(['none', 'same-origin', ''])('begins where nobody else leads to it: %j', async (site) => {
    const { to, cookie } = await open(BEGIN, site === '' ? {} : { 'sec-fetch-site': site });
    expect(to).toMatch(/^https:\/\/login\.example\/auth\?state=/);
    expect(cookie).toEqual([expect.stringMatching(/^__Host-wxkf_sign_in=.*; Secure; SameSite=Lax$/)]);
  });

  it.each(['cross-site', 'same-site'])(
    'does not begin, nor end one under way, by a link that is %s: that leads to the page',
    async (site) => {
      const headers = { 'sec-fetch-site': site };
      expect(await open(BEGIN, headers)).toEqual({ to: ASKED, cookie: [] });
      expect((await open('/console/oidc?to=//evil.example', headers)).to).toBe('/console');
    },
  );
});

describe('an error is shown on', () => {
  it('the page that was asked for, where the provider is away', async () => {
    provider.isAway = true;
    expect((await open(BEGIN)).to).toBe(`${ASKED}&signInError=AUTH_OIDC_UNREACHABLE`);
    expect((await open('/console/oidc')).to).toBe('/console?signInError=AUTH_OIDC_UNREACHABLE');
    expect((await open('/console/oidc?to=//evil.example')).to).toBe(
      '/console?signInError=AUTH_OIDC_UNREACHABLE',
    );
    provider.isAway = false;
  });

  it('the page that was asked for, where the provider says no', async () => {
    const { to, cookie } = await open(BEGIN);
    const headers = { cookie: String(cookie[0]).replace(/;.*/, '') };
    // The cookie has the name that it has by https, as PUBLIC_URL says.
    const state = new URL(to).searchParams.get('state');
    const back = await open(`${CALLBACK}?code=x&state=${state}`, headers);
    expect(back.to).toBe(`${ASKED}&signInError=AUTH_OIDC_REFUSED`);
    expect(back.cookie).toEqual([expect.stringMatching(/^__Host-wxkf_sign_in=; Max-Age=0;/)]);
  });

  it('the first page, where no sign-in is known, and for a program on none', async () => {
    expect((await open(CALLBACK)).to).toBe('/console?signInError=AUTH_OIDC_NOT_BEGUN');
    const answer = await app.inject({ url: CALLBACK });
    expect([answer.statusCode, answer.body]).toEqual([401, 'AUTH_OIDC_NOT_BEGUN']);
  });
});
