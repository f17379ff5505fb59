/** A token record as LMDB keeps it: the same fields, with the access token as text. */
import { Secret } from '../../kernel/secret.js';
import type { AccessToken, Refusal, TokenRecord } from '../../wecom/tokens/access-token.js';
import { hasShape, isCount, isFlag, isNumber, isListOf, isText, orAbsent, orNull } from '../record-shape.js';

type StoredToken = Omit<AccessToken, 'value'> & { readonly value: string };
export type StoredRecord = Omit<TokenRecord, 'token'> & { readonly token: StoredToken | null };

export function toStored({ token, ...same }: TokenRecord): StoredRecord {
  return { ...same, token: token === null ? null : { ...token, value: token.value.reveal() } };
}

/** @returns `null` for what is no record, or not the one of this secret. */
export function readStored(secretId: string, stored: unknown): TokenRecord | null {
  return isStoredRecord(stored) && stored.secretId === secretId ? fromStored(stored) : null;
}

function fromStored({ token, ...same }: StoredRecord): TokenRecord {
  return { ...same, token: token === null ? null : { ...token, value: new Secret(token.value) } };
}

export const isStoredRecord = hasShape<StoredRecord>({
  secretId: isText,
  corpId: isText,
  token: orNull(
    hasShape<StoredToken>({
      value: isText,
      id: isText,
      expiresAtMs: isNumber,
      isRevoked: isFlag,
      formerIds: orAbsent(isListOf(isText)),
    }),
  ),
  refusal: orNull(
    hasShape<Refusal>({ errcode: isNumber, errmsg: isText, count: isCount, untilMs: isNumber }),
  ),
  answeredAtMs: isNumber,
});
