import { Secret } from '../../kernel/secret.js';
import type { AccessToken, Refusal, TokenRecord } from '../../wecom/tokens/access-token.js';
import { keptUntilMs } from '../../wecom/tokens/access-token.store.js';
import {
  hasShape,
  isCount,
  isDate,
  isFlag,
  isNumber,
  isListOf,
  isText,
  orAbsent,
  orNull,
} from '../record-shape.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const TOKENS = 'wxkftokens';

/** One secret's token record, and who holds its lease. */
export interface TokenDocument extends AnswerDocument {
  readonly _id: string;
  readonly leaseId: string | null;
  readonly leasedUntil: Date | null;
  /** MongoDB removes the document then. */
  readonly keptUntil: Date;
}

interface AnswerDocument {
  readonly corpId: string;
  readonly token: StoredToken | null;
  readonly refusal: StoredRefusal | null;
  /** `null` in a document that has only a lease. */
  readonly answeredAt: Date | null;
}

type StoredToken = Omit<AccessToken, 'value' | 'expiresAtMs'> & {
  readonly value: string;
  readonly expiresAt: Date;
};
type StoredRefusal = Omit<Refusal, 'untilMs'> & { readonly until: Date };

/** Without a lease. */
export function toDocument(record: TokenRecord): TokenDocument {
  const { secretId, corpId, token, refusal, answeredAtMs } = record;
  return {
    _id: secretId,
    corpId,
    token: token === null ? null : toStoredToken(token),
    refusal: refusal === null ? null : toStoredRefusal(refusal),
    answeredAt: new Date(answeredAtMs),
    leaseId: null,
    leasedUntil: null,
    keptUntil: new Date(keptUntilMs(record)),
  };
}

/** The fields of a document that has only a lease. */
export function nothingOf(corpId: string): AnswerDocument {
  return { corpId, token: null, refusal: null, answeredAt: null };
}

/** @returns `null` for a document that has only a lease, or not the shape of one. */
export function fromDocument(document: TokenDocument | null): TokenRecord | null {
  if (!isTokenDocument(document) || document.answeredAt === null) return null;
  const { _id, corpId, token, refusal, answeredAt } = document;
  return {
    secretId: _id,
    corpId,
    token: token === null ? null : fromStoredToken(token),
    refusal: refusal === null ? null : fromStoredRefusal(refusal),
    answeredAtMs: answeredAt.getTime(),
  };
}

function toStoredToken({ value, expiresAtMs, ...same }: AccessToken): StoredToken {
  return { ...same, value: value.reveal(), expiresAt: new Date(expiresAtMs) };
}

function fromStoredToken({ value, expiresAt, ...same }: StoredToken): AccessToken {
  return { ...same, value: new Secret(value), expiresAtMs: expiresAt.getTime() };
}

function toStoredRefusal({ untilMs, ...same }: Refusal): StoredRefusal {
  return { ...same, until: new Date(untilMs) };
}

function fromStoredRefusal({ until, ...same }: StoredRefusal): Refusal {
  return { ...same, untilMs: until.getTime() };
}

/** A lease is only ever compared, so it may be whatever it is. */
const isTokenDocument = hasShape<Omit<TokenDocument, 'leaseId' | 'leasedUntil' | 'keptUntil'>>({
  _id: isText,
  corpId: isText,
  token: orNull(
    hasShape<StoredToken>({
      value: isText,
      id: isText,
      expiresAt: isDate,
      isRevoked: isFlag,
      formerIds: orAbsent(isListOf(isText)),
    }),
  ),
  refusal: orNull(
    hasShape<StoredRefusal>({ errcode: isNumber, errmsg: isText, count: isCount, until: isDate }),
  ),
  answeredAt: orNull(isDate),
});
