import type { Identity } from '../../crypto/sealer.js';

/** A sealed access token opens in the record of its secret. */
export function tokenIdentityOf(secretId: string): Identity {
  return ['accessToken', secretId];
}
