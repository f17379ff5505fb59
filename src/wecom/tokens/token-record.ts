/** Pure functions: how upstream's answers change a token record, and what a record can be used for. */

import { ERRCODE, type WecomAnswer } from '../client/wecom-answer.js';
import type { AccessToken, TokenRefusal, TokenRecord } from './access-token.js';
import { tokenIdOf } from './access-token.js';
import type { Grant } from './token-source.js';

/**
 * WeCom may give the same token again around the moment at which it ends by our clock. Within this time after the end, the token
 * keeps its old end. Later it counts as a new token.
 */
const SAME_TOKEN_GRACE_MS = 60_000;
/** Former tokens that are remembered, those of some eight days: an idle program may keep one until WeCom refuses it. */
const FORMER_MAX = 100;
/** A token that upstream gave within this time is valid, also when it has expired by our clock. */
const JUST_GIVEN_MS = 1_000;

/**
 * Refusals that do not go away with time. WeCom is rarely asked again about them, since a program that repeats a wrong secret gets
 * the address blocked.
 */
const PERMANENT = new Set<number>([
  ERRCODE.secretInvalid,
  ERRCODE.corpIdInvalid,
  ERRCODE.secretIllegal,
  ERRCODE.corpIdMissing,
  ERRCODE.secretMissing,
]);
const PERMANENT_PAUSE_MS = 10_000;
const PERMANENT_PAUSE_MAX_MS = 600_000;
/**
 * WeCom blocks for a minute or an hour, depending on the limit (developer.work.weixin.qq.com/document/path/90312). It does not say
 * for which.
 */
const TOO_FREQUENT_PAUSE_MS = 60_000;
const TOO_FREQUENT_PAUSE_MAX_MS = 3_600_000;
const OTHER_PAUSE_MS = 10_000;

/** The token, if it may be given out at `nowMs`. */
export function findUsable(record: TokenRecord | null, nowMs: number): AccessToken | null {
  const token = record?.token ?? null;
  if (record === null || token === null || token.isRevoked) return null;
  const isJustGiven = record.refusal === null && nowMs - record.answeredAtMs < JUST_GIVEN_MS;
  return nowMs < token.expiresAtMs || isJustGiven ? token : null;
}

/** The refusal, while its pause lasts. */
export function findRefusal(record: TokenRecord | null, nowMs: number): TokenRefusal | null {
  const refusal = record?.refusal ?? null;
  return refusal !== null && nowMs < refusal.untilMs ? refusal : null;
}

/**
 * The seconds that a token has left at `nowMs`. Rounded down, since the deployed puppet uses its token until they are over, also
 * when WeCom refuses it already. Never below 1, since the puppet otherwise asks ten times a second.
 */
export function secondsLeft({ expiresAtMs }: AccessToken, nowMs: number): number {
  return Math.max(1, Math.floor((expiresAtMs - nowMs) / 1_000));
}

type Secret = Pick<TokenRecord, 'secretId' | 'corpId'>;

/**
 * @param isLifeTrusted whether to believe the lifetime of a token that is given again. A gateway's is believed. WeCom's is not:
 *   the token then keeps its old end.
 */
export function afterGrant(
  { secretId, corpId }: Secret,
  before: AccessToken | null,
  { value, expiresInS }: Grant,
  time: { readonly askedAtMs: number; readonly nowMs: number },
  isLifeTrusted: boolean,
): TokenRecord {
  const id = tokenIdOf(value);
  const statedMs = time.askedAtMs + expiresInS * 1_000;
  const isOldLife =
    before?.id === id && !isLifeTrusted && time.nowMs < before.expiresAtMs + SAME_TOKEN_GRACE_MS;
  const expiresAtMs = isOldLife ? Math.min(before.expiresAtMs, statedMs) : statedMs;
  const formerIds = formerIdsOf(id, before);
  const token = { value, id, expiresAtMs, isRevoked: false, ...(formerIds.length > 0 && { formerIds }) };
  return { secretId, corpId, token, refusal: null, answeredAtMs: time.nowMs };
}

function formerIdsOf(id: string, before: AccessToken | null): readonly string[] {
  const known = before === null ? [] : [before.id, ...(before.formerIds ?? [])];
  return known.filter((one) => one !== id).slice(0, FORMER_MAX);
}

export function afterRefusal(
  { secretId, corpId }: Secret,
  before: TokenRecord | null,
  { errcode, errmsg }: WecomAnswer,
  nowMs: number,
): TokenRecord {
  const count = before?.refusal?.errcode === errcode ? before.refusal.count + 1 : 1;
  const refusal = { errcode, errmsg, count, untilMs: nowMs + pauseMs(errcode, count) };
  return { secretId, corpId, token: before?.token ?? null, refusal, answeredAtMs: nowMs };
}

function pauseMs(errcode: number, count: number): number {
  const doubled = (firstMs: number, maxMs: number): number => Math.min(firstMs * 2 ** (count - 1), maxMs);
  if (errcode === ERRCODE.busy) return 0;
  if (errcode === ERRCODE.tooFrequent) return doubled(TOO_FREQUENT_PAUSE_MS, TOO_FREQUENT_PAUSE_MAX_MS);
  if (PERMANENT.has(errcode)) return doubled(PERMANENT_PAUSE_MS, PERMANENT_PAUSE_MAX_MS);
  return OTHER_PAUSE_MS;
}
