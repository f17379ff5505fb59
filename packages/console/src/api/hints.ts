import type {
  HintAnswer,
  HintCountAnswer,
  HintPageAnswer,
  KfAccountAnswer,
  ReplayedAnswer,
} from './answers.gen.js';
import { useAnswer, usePaged } from './answers.js';
import { toQuery } from './to-query.js';
import { request } from './request.js';

/** `waiting` includes those that wait for a puppet to register. */
export type HintList = 'waiting' | 'dead';

export interface HintListFilter {
  readonly corpId: string;
  readonly stage: string;
  /** ISO 8601, or empty. */
  readonly arrivedAfter: string;
  readonly arrivedBefore: string;
}

/** Each is looked at, or made due, by itself, and there may be very many. */
const ALL_DEADLINE_MS = 5 * 60_000;
/** Among so many of its corp one is looked for. */
const LOOKED_THROUGH_MAX = 200;

export const useHints = (state: HintList, filter: HintListFilter, sort: string) =>
  usePaged<HintAnswer>('/api/v1/hints', { state, ...filter, sort });

/**
 * What waits for an account, as it is now: what lists of accounts have of it may be 2 s old, and is refused when it is dropped.
 * @param isLikely whether something may wait; of a registered account it is asked for all the same.
 * @returns null where nothing waits, or it was not found among the first 200 of its corp, which no puppet has registered.
 */
export function useHintOf(
  { corpId, openKfId }: { readonly corpId: string; readonly openKfId: string },
  isRegistered: boolean,
  isLikely: boolean,
): HintAnswer | null {
  const registered = useAnswer<KfAccountAnswer>(`/api/v1/kf-accounts/${encodeURIComponent(openKfId)}`, {
    isWanted: isRegistered,
  });
  const listed = useAnswer<HintPageAnswer>('/api/v1/hints', {
    query: { corpId, limit: LOOKED_THROUGH_MAX },
    isWanted: isLikely && !isRegistered,
  });
  if (isRegistered) return registered.data?.hint ?? null;
  if (!isLikely) return null;
  return listed.data?.items.find((hint) => hint.openKfId === openKfId) ?? null;
}

export function replayHint({ openKfId, corpId }: Pick<HintAnswer, 'openKfId' | 'corpId'>): Promise<unknown> {
  return request(`${pathOf(openKfId)}/replay${toQuery({ corpId })}`, { method: 'POST' });
}

/** How many `replayDead` would send. */
export function countDead(filter: HintListFilter): Promise<HintCountAnswer> {
  const query = toQuery({ state: 'dead', ...filter });
  return request(`/api/v1/hints/count${query}`, { deadlineMs: ALL_DEADLINE_MS });
}

export function replayDead(filter: HintListFilter): Promise<ReplayedAnswer> {
  const given = Object.entries(filter).filter(([, value]) => value !== '');
  const body = { state: 'dead', ...Object.fromEntries(given) };
  return request('/api/v1/hints/replay', { method: 'POST', body, deadlineMs: ALL_DEADLINE_MS });
}

export function dropHint({ openKfId, corpId, generation }: HintAnswer): Promise<unknown> {
  return request(`${pathOf(openKfId)}${toQuery({ corpId, generation })}`, { method: 'DELETE' });
}

function pathOf(openKfId: string): string {
  return `/api/v1/hints/${encodeURIComponent(openKfId)}`;
}
