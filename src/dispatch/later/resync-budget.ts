/**
 * WeCom blocks sync_msg for a minute once a corp has called it ten times in a minute without a valid sync token
 * (developer.work.weixin.qq.com/document/path/94670). The puppets' own polls count too, so the budget is smaller.
 */
import type { CountLimit } from '../../storage/counters/counters.js';

export const RESYNCS_PER_WINDOW = 6;
/** Endpoints and accounts that fail for long are probed without a token. One place is left for all other hints. */
export const RESYNCS_OF_PROBES = RESYNCS_PER_WINDOW - 1;
/** The patrol of accounts for which no event came. It leaves half of them to whoever knows that something waits, and to tests. */
export const RESYNCS_OF_PATROL = RESYNCS_PER_WINDOW / 2;
export const RESYNC_WINDOW_MS = 60_000;

/**
 * How often a corp's puppets are told to sync without a token.
 * @param max given by callers that may not use the whole budget.
 */
export function resyncsOf(corpId: string, max = RESYNCS_PER_WINDOW): CountLimit {
  return { key: `resync ${corpId}`, max, windowMs: RESYNC_WINDOW_MS };
}
