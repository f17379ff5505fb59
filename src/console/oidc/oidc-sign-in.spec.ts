import { createHmac } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PROXIED_HOST, startProxiedWecom } from '../../../test/support/forward-proxy.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';
import { reply } from '../../../test/support/wecom-faults.js';
import { type Environment, loadConfig } from '../../config/config.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import { newHttpService } from '../../http/outgoing/http-service.js';
import { RareCalls } from '../../http/outgoing/rare-calls.js';
import { oidcConfig } from './oidc.config.js';
import { subjectIdOf } from '../../http/access/sessions.js';
import { OidcCalls } from './oidc-calls.js';
import { OidcProvider } from './oidc-provider.js';
import { OidcSignIn } from './oidc-sign-in.js';

const MARKED = 'marked-client-secret_0123';
const ALICE = `alice ${subjectIdOf('subject-1')} (OIDC)`;
const CONFIGURATION = '/.well-known/openid-configuration';

let provider: ScriptedProvider;
let clock: ManualClock;
const clients: RareCalls[] = [];

beforeAll(async () => {
  provider = await new ScriptedProvider().start();
});
afterAll(() => provider.close());
beforeEach(() => {
  clock = new ManualClock();
  provider.reset();
  provider.claims = { groups: ['ops'], preferred_username: 'alice' };
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** A replica of these settings. */
function open(changed: Environment = {}): OidcSignIn {
  const config = loadConfig({
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: 'manager',
    OIDC_CLIENT_SECRET: MARKED,
    OIDC_ADMIN_GROUPS: 'ops, ops-leads',
    OIDC_READER_GROUPS: 'support',
    PUBLIC_URL: 'https://wxkf.example',
    ...changed,
  });
  const metrics = new Metrics();
  const http = new RareCalls(newHttpService(), config, clock);
  clients.push(http);
  const calls = new OidcCalls(http, metrics);
  return new OidcSignIn(oidcConfig(config), new OidcProvider(calls, clock), clock);
}

async function begun(signIn: OidcSignIn, to = '/console') {
  const { address, flow } = await signIn.begin(to);
  return { address, sealed: flow.reveal() };
}

/** What the browser comes back with. */
async function finish(signIn: OidcSignIn, query: string, sealed: string, from = '10.0.0.1') {
  const flow = signIn.find(query, sealed);
  return { operator: await signIn.finish(query, flow, from), to: flow.to };
}

/** All of it, at one replica. */
async function signInAt(signIn: OidcSignIn, to?: string) {
  const { address, sealed } = await begun(signIn, to);
  return finish(signIn, provider.consent(address), sealed);
}

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw error;
  // Neither the secret nor a code, a token or what the provider wrote.
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain('marked-');
  return error;
}

const reasonOf = async (work: Promise<unknown>) => {
  const { code, internal } = await refusalOf(work);
  return `${code}: ${String(internal?.why)}`;
};

describe('a sign-in', () => {
  it('sends the browser to the provider with a challenge, a state and a nonce, and nothing to keep', async () => {
    const { address, sealed } = await begun(open());
    expect(Object.fromEntries(address.searchParams)).toEqual({
      client_id: 'manager',
      response_type: 'code',
      redirect_uri: 'https://wxkf.example/console/oidc/callback',
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(sealed).toMatch(/^[\w-]+$/);
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain(
      address.searchParams.get('state'),
    );
  });

  it('says who it is, what they may do and which page was asked for', async () => {
    expect(await signInAt(open(), '/console/outbox?state=dead')).toEqual({
      operator: { name: ALICE, role: 'admin', subject: 'subject-1' },
      to: '/console/outbox?state=dead',
    });
  });

  it('may be finished by another replica', async () => {
    const { address, sealed } = await begun(open());
    const { operator } = await finish(open(), provider.consent(address), sealed);
    expect(operator.name).toBe(ALICE);
  });

  it('asks UserInfo where the ID token has no groups or no name, and takes nothing else from there', async () => {
    provider.claims = { preferred_username: 'alice' };
    provider.userInfo = { sub: 'subject-1', preferred_username: 'mallory', groups: ['support'] };
    expect(await signInAt(open())).toMatchObject({ operator: { name: ALICE, role: 'reader' } });
    provider.claims = { groups: ['support'] };
    provider.userInfo = { sub: 'subject-1', preferred_username: 'bob', groups: ['ops'] };
    expect(await signInAt(open())).toMatchObject({
      operator: { name: ALICE.replace('alice', 'bob'), role: 'reader' },
    });
    provider.userInfo = { sub: 'subject-2', groups: ['ops'] };
    expect((await refusalOf(signInAt(open()))).code).toBe('AUTH_OIDC_REFUSED');
  });

  it.each([401, 403])(
    'goes on without a name where UserInfo answers %d, and not without groups',
    async (status) => {
      provider.userInfo = {};
      provider.behave('/me', (response) => void response.writeHead(status).end('{"error":"invalid_token"}'));
      provider.claims = { groups: ['support'] };
      const named = ALICE.replace('alice', 'subject-1');
      expect(await signInAt(open())).toMatchObject({ operator: { name: named, role: 'reader' } });
      provider.claims = { preferred_username: 'alice' };
      expect((await refusalOf(signInAt(open()))).code).toBe('AUTH_OIDC_REFUSED');
    },
  );

  it('is off where nothing is set', async () => {
    const off = new OidcSignIn(oidcConfig(loadConfig({})), {} as OidcProvider, clock);
    expect((await refusalOf(off.begin('/console'))).code).toBe('AUTH_OIDC_OFF');
    expect((await refusalOf(finish(off, '', ''))).code).toBe('AUTH_OIDC_OFF');
  });
});

describe('is refused without a call of the provider', () => {
  const codeOf = async (query: string, sealed: string, at = open()) => {
    provider.calls.length = 0;
    const { code } = await refusalOf(finish(at, query, sealed));
    expect(provider.calls).toEqual([]);
    return code;
  };

  it('what this browser did not begin, or not so', async () => {
    const [own, other] = [await begun(open()), await begun(open())];
    const query = provider.consent(own.address);
    for (const [sent, sealed] of [
      [query, ''],
      [query, other.sealed],
      [query, `${own.sealed}A`],
      [query, `${own.sealed.startsWith('B') ? 'C' : 'B'}${own.sealed.slice(1)}`],
      [query, own.sealed.slice(0, 50)],
      [query.replace(/state=.*/, 'state=x'), own.sealed],
      [query.replace(/&state=.*/, ''), own.sealed],
      ['', own.sealed],
    ] as const)
      expect(await codeOf(sent, sealed)).toBe('AUTH_OIDC_NOT_BEGUN');
  });

  it('what was begun more than 10 minutes ago', async () => {
    const { address, sealed } = await begun(open());
    await clock.advance(600_000);
    expect(await codeOf(provider.consent(address), sealed)).toBe('AUTH_OIDC_NOT_BEGUN');
  });

  it.each([{ OIDC_CLIENT_SECRET: 'another-client-secret' }, { OIDC_CLIENT_ID: 'another' }])(
    'what was begun with other settings: %j',
    async (changed) => {
      const { address, sealed } = await begun(open());
      expect(await codeOf(provider.consent(address), sealed, open(changed))).toBe('AUTH_OIDC_NOT_BEGUN');
    },
  );

  it('more than 30 a minute of one address, and nobody of another one', async () => {
    const signIn = open();
    const { address, sealed } = await begun(signIn);
    const query = provider.consent(address);
    await finish(signIn, query, sealed);
    for (let n = 1; n < 30; n++)
      expect((await refusalOf(finish(signIn, query, sealed))).code).toBe('AUTH_OIDC_REFUSED');
    const { code, retryAfterS } = await refusalOf(finish(signIn, query, sealed));
    expect([code, retryAfterS]).toEqual(['AUTH_OIDC_TOO_MANY', 60]);
    expect((await refusalOf(finish(signIn, query, sealed, '10.0.0.2'))).code).toBe('AUTH_OIDC_REFUSED');
  });
});

describe('what the provider answers', () => {
  it('is refused where it says no, in its error code alone', async () => {
    const signIn = open();
    const { address, sealed } = await begun(signIn);
    const state = address.searchParams.get('state') ?? '';
    for (const [error, said] of [
      ['access_denied', 'access_denied'],
      ['<b>marked-error</b>', 'something that is no error code'],
    ]) {
      const query = new URLSearchParams({ error: error ?? '', state, error_description: 'marked-text' });
      expect(await reasonOf(finish(signIn, query.toString(), sealed))).toBe(
        `AUTH_OIDC_REFUSED: the provider says ${said}`,
      );
    }
  });

  it('is refused for a code that was used already', async () => {
    const signIn = open();
    const { address, sealed } = await begun(signIn);
    const query = provider.consent(address);
    await finish(signIn, query, sealed);
    expect(await reasonOf(finish(signIn, query, sealed))).toBe(
      'AUTH_OIDC_REFUSED: the provider says invalid_grant',
    );
  });

  it.each([
    ['of another audience', { aud: 'another' }, '"aud"'],
    ['of several audiences for another party', { aud: ['manager', 'another'], azp: 'another' }, '"azp"'],
    ['of another issuer', { iss: 'https://evil.example' }, '"iss"'],
    ['with another nonce', { nonce: 'marked-nonce' }, '"nonce"'],
    ['without a nonce', { nonce: undefined }, '"nonce"'],
    ['that is over', { exp: 1 }, '"exp"'],
    ['that is of the future', { nbf: 9_999_999_999 }, '"nbf"'],
    ['without a subject', { sub: undefined }, '"sub"'],
  ])('is refused as an ID token %s', async (_what, claims, why) => {
    provider.claims = { ...provider.claims, ...claims };
    const reason = await reasonOf(signInAt(open()));
    expect(reason).toMatch(/^AUTH_OIDC_REFUSED: /);
    expect(reason).toContain(why);
  });

  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const byClientSecret = (claims: object) => {
    const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
    return `${text}.${createHmac('sha256', MARKED).update(text).digest('base64url')}`;
  };
  it.each([
    ['without a signature', (claims: object) => `${encode({ alg: 'none' })}.${encode(claims)}.`, 'alg'],
    ['signed by the client secret', byClientSecret, 'alg'],
    [
      'whose signature is another',
      (claims: object) => provider.signed(claims).replace(/[^.]+$/, 'A'.repeat(86)),
      'signature',
    ],
    ['by a key that nobody knows', (claims: object) => provider.signed(claims, { kid: 'marked-kid' }), 'key'],
    ['that is none', () => 'marked-token', 'Invalid JWT'],
  ])('is refused as an ID token %s', async (_what, idToken, why) => {
    provider.idToken = idToken;
    provider.metadata = { id_token_signing_alg_values_supported: ['none', 'HS256', 'ES256'] };
    const reason = await reasonOf(signInAt(open()));
    expect(reason).toMatch(/^AUTH_OIDC_REFUSED: /);
    expect(reason).toContain(why);
  });

  it.each(['another name', 'the same name'])(
    'is taken again once its keys were replaced, by %s',
    async (kid) => {
      const signIn = open();
      await signInAt(signIn);
      provider.renewKey(kid === 'the same name' ? provider.key.kid : kid);
      expect((await refusalOf(signInAt(signIn))).code).toBe('AUTH_OIDC_REFUSED');
      expect((await signInAt(signIn)).operator.name).toBe(ALICE);
    },
  );

  it('is not asked for again because of what a browser came back with', async () => {
    const signIn = open();
    await signInAt(signIn);
    const { address, sealed } = await begun(signIn);
    const state = address.searchParams.get('state') ?? '';
    provider.calls.length = 0;
    for (const query of [{ state }, { state, code: 'x', iss: 'https://evil.example' }])
      expect((await refusalOf(finish(signIn, `${new URLSearchParams(query)}`, sealed))).code).toBe(
        'AUTH_OIDC_REFUSED',
      );
    await signInAt(signIn);
    expect(provider.calls).toEqual(['POST /token']);
  });

  it('is asked for once an hour, and keys are with it', async () => {
    const signIn = open();
    await signInAt(signIn);
    await signInAt(signIn);
    const asked = (path: string) => provider.calls.filter((call) => call === `GET ${path}`).length;
    expect([asked(CONFIGURATION), asked('/keys')]).toEqual([1, 1]);
    await clock.advance(3_600_000);
    await Promise.all([signInAt(signIn), signInAt(signIn)]);
    expect(asked(CONFIGURATION)).toBe(2);
  });
});

describe('a provider', () => {
  const away = async (signIn: OidcSignIn = open()) => reasonOf(signIn.begin('/console'));

  it('that is away is said to be, and asked again 5 s later, whoever tries', async () => {
    expect(await away(open({ OIDC_ISSUER: await refusedUrl() }))).toBe(
      'AUTH_OIDC_UNREACHABLE: the connection failed (ECONNREFUSED)',
    );
    const signIn = open();
    provider.behave(CONFIGURATION, (response) => void response.writeHead(502).end('marked-page'));
    for (let n = 0; n < 3; n++) {
      expect(await away(signIn)).toBe('AUTH_OIDC_UNREACHABLE: it answered 502');
      await clock.advance(1_666);
    }
    expect(provider.calls).toHaveLength(1);
    provider.reset();
    await clock.advance(2);
    expect((await signIn.begin('/console')).address.origin).toBe(provider.issuer);
  });

  it('that hangs is waited for 5 s, and once for all who sign in', async () => {
    provider.behave(CONFIGURATION, () => {});
    const signIn = open();
    const both = Promise.all([away(signIn), away(signIn)]);
    await clock.advance(0, () => untilCalled(1));
    await clock.advance(5_000);
    expect(await both).toEqual(Array(2).fill('AUTH_OIDC_UNREACHABLE: no complete answer in time'));
    expect(provider.calls).toHaveLength(1);
  });

  it('that hangs with the token is waited for 5 s', async () => {
    const signIn = open();
    const { address, sealed } = await begun(signIn);
    provider.behave('/token', () => {});
    const refused = reasonOf(finish(signIn, provider.consent(address), sealed));
    await clock.advance(0, () => untilCalled(2));
    await clock.advance(5_000);
    expect(await refused).toBe('AUTH_OIDC_UNREACHABLE: no complete answer in time');
  });

  it.each([
    ['is too long', 'x'.repeat(70_000), 'the answer is too long'],
    ['is no JSON', '<html>marked-page', 'parsing error occured: failed to parse "response" body as JSON'],
    [
      'is of another issuer',
      '{"issuer":"https://evil.example/"}',
      'discovered metadata issuer does not match the expected issuer',
    ],
  ])('whose description %s is not used', async (_what, body, reason) => {
    provider.behave(CONFIGURATION, (response) => void response.end(body));
    expect(await away()).toBe(`AUTH_OIDC_UNREACHABLE: ${reason}`);
  });

  it('is not followed to another place', async () => {
    provider.behave(CONFIGURATION, (response) => void response.writeHead(302, { location: '/keys' }).end());
    expect(await away()).toBe('AUTH_OIDC_UNREACHABLE: unexpected HTTP response status code');
    expect(provider.calls).toHaveLength(1);
  });

  async function untilCalled(times: number): Promise<void> {
    while (provider.calls.length < times) await new Promise((resolve) => void setImmediate(resolve));
  }
});

it('a provider outside is called by https alone, through the forward proxy of the settings', async () => {
  const site = await startProxiedWecom();
  setDefaultCACertificates([...getCACertificates('default'), site.certificate.cert]);
  const issuer = `https://${PROXIED_HOST}`;
  const endpoints = {
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `http://${PROXIED_HOST}/token`,
  };
  site.wecom.behave('*', reply(200, JSON.stringify({ issuer, ...endpoints })));
  const signIn = open({ OIDC_ISSUER: issuer, HTTPS_PROXY: site.proxyUrl(), HTTP_PROXY: site.proxyUrl() });
  const { address, sealed } = await begun(signIn);
  expect(address.origin).toBe(issuer);
  const query = provider.consent(address);
  expect(await reasonOf(finish(signIn, query, sealed))).toContain('only requests to HTTPS are allowed');
  expect(site.asked).toEqual([`CONNECT ${PROXIED_HOST}:443`]);
  await site.close();
});
