/** Access tokens as WeCom gives them (gettoken, 91039): one per secret, the same string for as long as it is valid. */
import { randomBytes } from 'node:crypto';
import { type ApiAnswer, ok, refusal } from './answers.js';

interface Token {
  readonly value: string;
  readonly corpSecret: string;
  readonly expiresAtMs: number;
  /** What a call with it is answered; 0 while it is good, as far as its time goes. */
  errcode: number;
}

interface Secret {
  readonly value: string;
  readonly lifeS: number;
  token: Token | null;
}

/** WeCom does not say which of the two `expires_in` is when a token is given a second time. */
export type ExpiresIn = 'life' | 'remaining';

export class AccessTokens {
  /** Secrets by corp. */
  readonly #corps = new Map<string, Map<string, Secret>>();
  /** All that were ever given, by value. */
  readonly #tokens = new Map<string, Token>();

  constructor(private readonly nowMs: () => number) {}

  addSecret(corpId: string, corpSecret: string, lifeS: number): void {
    const secrets = this.#corps.get(corpId) ?? new Map<string, Secret>();
    this.#corps.set(corpId, secrets.set(corpSecret, { value: corpSecret, lifeS, token: null }));
  }

  /** What gettoken answers. */
  give(corpId: string, corpSecret: string, expiresIn: ExpiresIn): ApiAnswer {
    if (corpSecret === '') return refusal(41004);
    if (corpId === '') return refusal(41002);
    const secrets = this.#corps.get(corpId);
    if (secrets === undefined) return refusal(40013);
    const secret = secrets.get(corpSecret);
    if (secret === undefined) return refusal(40001);
    const { value, expiresAtMs } = this.#validTokenOf(secret);
    const remainingS = Math.floor((expiresAtMs - this.nowMs()) / 1_000);
    return ok({ access_token: value, expires_in: expiresIn === 'life' ? secret.lifeS : remainingS });
  }

  /** The valid token of a secret; a new one when there is none. @throws Error when the secret is not known. */
  tokenOf(corpId: string, corpSecret: string): string {
    return this.#validTokenOf(this.#secretOf(corpId, corpSecret)).value;
  }

  /** From now on calls with its present token are answered `errcode`. @throws Error when it has none. */
  revoke(corpId: string, corpSecret: string, errcode: number): void {
    const { token } = this.#secretOf(corpId, corpSecret);
    if (token === null) throw new Error(`no token was given for that secret of ${corpId}`);
    token.errcode = errcode;
  }

  /** What a call with that token is answered instead of what it asks for; `null` when the token is good. */
  refusalOf(accessToken: string): ApiAnswer | null {
    if (accessToken === '') return refusal(41001);
    const token = this.#tokens.get(accessToken);
    if (token === undefined) return refusal(40014);
    if (token.errcode !== 0) return refusal(token.errcode);
    return token.expiresAtMs <= this.nowMs() ? refusal(42001) : null;
  }

  /** Whose token it is; `null` for none that was ever given. */
  secretOf(accessToken: string): string | null {
    return this.#tokens.get(accessToken)?.corpSecret ?? null;
  }

  #secretOf(corpId: string, corpSecret: string): Secret {
    const secret = this.#corps.get(corpId)?.get(corpSecret);
    if (secret === undefined) throw new Error(`no such secret of ${corpId}`);
    return secret;
  }

  #validTokenOf(secret: Secret): Token {
    const { token } = secret;
    if (token && token.errcode === 0 && token.expiresAtMs > this.nowMs()) return token;
    // As long as a real one, 214 characters.
    const value = randomBytes(160).toString('base64url');
    const expiresAtMs = this.nowMs() + secret.lifeS * 1_000;
    const fresh = { value, corpSecret: secret.value, expiresAtMs, errcode: 0 };
    this.#tokens.set(value, fresh);
    secret.token = fresh;
    return fresh;
  }
}
