/** How upstream's answers change a record, and what a record may be used for. Pure. */

import { ERRCODE, type WecomAnswer } from '../client/wecom-answer.js';
import type { AccessToken, Refusal, TokenRecord } from './access-token.js';
import { tokenIdOf } from './access-token.js';
import type { Grant } from './token-source.js';

/**
 * WeCom may give a token once more around the moment when it ends by our reckoning. For so long it is the end of
 * the old life, and later a new one.
 */
const SAME_TOKEN_GRACE_MS = 60_000;
/** A program that is rarely used may keep one until WeCom refuses it. These are those of some eight days. */
const FORMER_MAX = 100;
/** A token that upstream gave just now is valid, even if it has expired by our reckoning. */
const JUST_GIVEN_MS = 1_000;

/**
 * Refusals that waiting does not heal. They are rarely asked about again, since wrong secrets in a loop get the
 * address blocked.
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
/** WeCom blocks for a minute or an hour, by the limit that was met (developer.work.weixin.qq.com/document/path/90312), and does not say which. */
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

/** The refusal, as long as it stands. */
export function findRefusal(record: TokenRecord | null, nowMs: number): Refusal | null {
  const refusal = record?.refusal ?? null;
  return refusal !== null && nowMs < refusal.untilMs ? refusal : null;
}

/** Seconds that a token has left at `nowMs`: rounded down, since the deployed puppet asks too early otherwise; never below 1, since it then asks ten times a second. */
export function secondsLeft({ expiresAtMs }: AccessToken, nowMs: number): number {
  return Math.max(1, Math.floor((expiresAtMs - nowMs) / 1_000));
}

type Secret = Pick<TokenRecord, 'secretId' | 'corpId'>;

/**
 * @param isLifeTrusted of a gateway. WeCom's is not, where it gives the same token again: it then has no longer
 *   to live than it had.
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
