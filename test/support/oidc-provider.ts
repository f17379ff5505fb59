/** A real OpenID provider, oidc-provider, with as few settings as it takes; who signs in there says who they are. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Provider from 'oidc-provider';

export interface OidcProvider {
  readonly issuer: string;
  /** Every code and token that was given out. */
  readonly given: readonly string[];
  close(): Promise<void>;
}

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** @param groups of each account. Its page has a button for each. */
export async function startOidcProvider(
  { clientId, clientSecret, redirectUri }: Client,
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<OidcProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Another site than that of 127.0.0.1, for a browser.
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: async () => ({ sub: accountId, preferred_username: accountId, groups: groups[accountId] }),
    }),
    // The provider warns of its own one.
    adapter: memoryAdapter(),
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
  });
  const given: string[] = [];
  provider.use(async (context, next) => {
    await next();
    const [, code] = /[?&]code=([^&]+)/.exec(context.response.get('location')) ?? [];
    const { access_token: access, id_token: id } = (context.body ?? {}) as Record<string, string | undefined>;
    given.push(...[code, access, id].filter((one) => one !== undefined));
  });
  const answer = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.startsWith('/interaction/')) return answer(request, response);
    if (request.method === 'POST') return void signIn(provider, request, response);
    const buttons = Object.keys(groups).map(
      (name) => `<button name="account" value="${name}">${name}</button>`,
    );
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><title>Provider</title><form method="post">${buttons.join('')}</form>`);
  });
  return {
    issuer,
    given,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** An adapter as oidc-provider documents it. Nothing expires, and nobody revokes a grant. */
function memoryAdapter() {
  const kept = new Map<string, Record<string, unknown>>();
  return (kind: string) => ({
    upsert: async (id: string, payload: Record<string, unknown>) => void kept.set(`${kind}:${id}`, payload),
    find: async (id: string) => kept.get(`${kind}:${id}`),
    findByUid: async (uid: string) => [...kept.values()].find((one) => one.kind === kind && one.uid === uid),
    findByUserCode: async () => undefined,
    consume: async (id: string) =>
      void Object.assign(kept.get(`${kind}:${id}`) ?? {}, { consumed: Math.floor(Date.now() / 1_000) }),
    destroy: async (id: string) => void kept.delete(`${kind}:${id}`),
    revokeByGrantId: async () => {},
  });
}

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const accountId = new URLSearchParams(await text(request)).get('account') ?? '';
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result);
}

/** Signs somebody in as a browser would, from where it was sent. @returns where the provider sends it back to. */
export async function consentAs(account: string, address: string, backTo: string): Promise<URL> {
  const jar = new Map<string, string>();
  let [url, body] = [new URL(address), ''];
  for (let steps = 0; steps < 10; steps++) {
    const headers = {
      cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(body !== '' && { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const method = body === '' ? 'GET' : 'POST';
    const answer = await fetch(url, { method, headers, redirect: 'manual', ...(body !== '' && { body }) });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    body = location === null ? new URLSearchParams({ account }).toString() : '';
    if (location !== null) url = new URL(location, url);
    if (url.origin === backTo) return url;
  }
  throw new Error(`the provider sends nobody back from ${url.href}`);
}
