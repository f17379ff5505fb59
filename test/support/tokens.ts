import { Secret } from '../../src/kernel/secret.js';
import { secretIdOf } from '../../src/kernel/secret-id.js';
import { type AccessToken, type TokenRecord, tokenIdOf } from '../../src/wecom/tokens/access-token.js';

const ANSWERED_AT_MS = Date.now();

export function tokenOf(value: string, fields: Partial<AccessToken> = {}): AccessToken {
  const secret = new Secret(value);
  const expiresAtMs = ANSWERED_AT_MS + 7_200_000;
  return { value: secret, id: tokenIdOf(secret), expiresAtMs, isRevoked: false, ...fields };
}

/** Of now, so that no store takes it for one that has had its time. */
export function tokenRecord(fields: Partial<TokenRecord> = {}): TokenRecord {
  return {
    secretId: secretIdOf('wwCorp_1', new Secret('secret')),
    corpId: 'wwCorp_1',
    token: tokenOf('token-1'),
    refusal: null,
    answeredAtMs: ANSWERED_AT_MS,
    ...fields,
  };
}
