/** An OpenID provider that answers as a test tells it to, also wrongly. A real one is in `oidc-provider.ts`. */
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const NOW_S = () => Math.floor(Date.now() / 1_000);
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function newKey(kid: string): Key {
  return { kid, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export class ScriptedProvider {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #byPath = new Map<string, Answer>();
  /** What a code stands for; taken once. */
  readonly #codes = new Map<string, { readonly challenge: string; readonly nonce: string }>();
  /** Method and path of each call. */
  readonly calls: string[] = [];
  /** Of the ID token, over the right ones. */
  claims: Readonly<Record<string, unknown>> = {};
  userInfo: object | null = null;
  /** Over the right ones, of what the provider says of itself. */
  metadata: Readonly<Record<string, unknown>> = {};
  key = newKey('one');
  /** In place of the right one. @param claims that are right */
  idToken: ((claims: object) => string) | null = null;
  #lastCode = 0;
  issuer = '';

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.issuer = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** Everything is as at the beginning, but for the address. */
  reset(): void {
    this.#byPath.clear();
    this.calls.length = 0;
    [this.claims, this.userInfo, this.metadata, this.idToken] = [{}, null, {}, null];
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  behave(path: string, answer: Answer): void {
    this.#byPath.set(path, answer);
  }

  renewKey(kid: string): void {
    this.key = newKey(kid);
  }

  /** Signs somebody in who is sent to this address. @returns with which query the browser goes back. */
  consent(address: URL): string {
    const { searchParams: asked } = address;
    const code = `marked-code-${++this.#lastCode}`;
    this.#codes.set(code, {
      challenge: asked.get('code_challenge') ?? '',
      nonce: asked.get('nonce') ?? '',
    });
    return new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString();
  }

  signed(claims: object, header: object = {}, key: Key = this.key): string {
    const text = `${encode({ alg: 'ES256', kid: key.kid, typ: 'JWT', ...header })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '/', this.issuer);
    this.calls.push(`${request.method} ${path}`);
    const scripted = this.#byPath.get(path);
    if (scripted !== undefined) return scripted(response, request);
    const answer = path === '/token' ? await this.#grant(request) : this.#document(path);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  }

  #document(path: string): { status: number; body: object } {
    if (path === '/.well-known/openid-configuration') {
      const endpoints = {
        authorization_endpoint: `${this.issuer}/auth`,
        token_endpoint: `${this.issuer}/token`,
        jwks_uri: `${this.issuer}/keys`,
        ...(this.userInfo !== null && { userinfo_endpoint: `${this.issuer}/me` }),
      };
      const algorithms = { id_token_signing_alg_values_supported: ['ES256'] };
      return { status: 200, body: { issuer: this.issuer, ...endpoints, ...algorithms, ...this.metadata } };
    }
    if (path === '/keys') {
      const { kid, publicKey } = this.key;
      const key = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
      return { status: 200, body: { keys: [key] } };
    }
    return path === '/me' && this.userInfo !== null
      ? { status: 200, body: this.userInfo }
      : { status: 404, body: {} };
  }

  async #grant(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = new URLSearchParams(Buffer.concat(chunks).toString());
    const code = body.get('code') ?? '';
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    if (known?.challenge !== hash('sha256', body.get('code_verifier') ?? '', 'base64url'))
      return {
        status: 400,
        body: { error: 'invalid_grant', error_description: `marked-description of ${code}` },
      };
    const times = { iat: NOW_S(), exp: NOW_S() + 300 };
    const right = { iss: this.issuer, aud: 'manager', sub: 'subject-1', nonce: known.nonce, ...times };
    const claims = { ...right, ...this.claims };
    const idToken = this.idToken?.(claims) ?? this.signed(claims);
    return {
      status: 200,
      body: { access_token: 'marked-access-token', token_type: 'Bearer', id_token: idToken },
    };
  }
}
