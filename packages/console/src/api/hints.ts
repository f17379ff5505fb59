import type { HintAnswer, HintCountAnswer, ReplayedAnswer } from './answers.gen.js';
import { usePaged } from './answers.js';
import { toQuery } from './to-query.js';
import { request } from './request.js';

/** `waiting` includes those that wait for a puppet to register. */
export type HintList = 'waiting' | 'dead';

export interface HintListFilter {
  readonly corpId: string;
  readonly openKfId: string;
  readonly stage: string;
  /** ISO 8601, or empty. */
  readonly arrivedAfter: string;
  readonly arrivedBefore: string;
}

/** Each is looked at, or made due, by itself, and there may be very many. */
const ALL_DEADLINE_MS = 5 * 60_000;

export const useHints = (state: HintList, filter: HintListFilter, sort: string) =>
  usePaged<HintAnswer>('/api/v1/hints', { state, ...filter, sort });

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
