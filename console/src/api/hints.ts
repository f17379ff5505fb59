import type { HintAnswer, ReplayedAnswer } from '../../../src/api/answers/hint.js';
import type { Page } from '../../../src/api/answers/page.js';
import { toQuery } from './query.js';
import { request } from './request.js';

/** `waiting` includes those that wait for a puppet to register. */
export type HintList = 'waiting' | 'dead';

const PAGE_SIZE = 50;

export function listHints(
  state: HintList,
  corpId: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<HintAnswer>> {
  return request(`/api/v1/hints${toQuery({ state, corpId, cursor, limit: PAGE_SIZE })}`, { signal });
}

export function replayHint(openKfId: string): Promise<unknown> {
  return request(`${pathOf(openKfId)}/replay`, { method: 'POST' });
}

export function replayDead(corpId: string): Promise<ReplayedAnswer> {
  const body = { state: 'dead', ...(corpId !== '' && { corpId }) };
  return request('/api/v1/hints/replay', { method: 'POST', body });
}

export function dropHint(openKfId: string): Promise<unknown> {
  return request(pathOf(openKfId), { method: 'DELETE' });
}

function pathOf(openKfId: string): string {
  return `/api/v1/hints/${encodeURIComponent(openKfId)}`;
}
