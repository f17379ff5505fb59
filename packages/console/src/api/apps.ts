import type { AppAnswer, AppCreatedAnswer } from './answers.gen.js';
import type { Page } from './page.js';
import { allOf } from '../data/pages.js';
import { toQuery } from './query.js';
import { request } from './request.js';

const PAGE_SIZE = 200;
/** A slow store takes some seconds to keep it. */
const CREATE_DEADLINE_MS = 15_000;

export function listApps(signal: AbortSignal): Promise<readonly AppAnswer[]> {
  return allOf((cursor) =>
    request<Page<AppAnswer>>(`/api/v1/apps${toQuery({ cursor, limit: PAGE_SIZE })}`, { signal }),
  );
}

export function createApp(corpId: string, name: string): Promise<AppCreatedAnswer> {
  const body = { corpId, ...(name !== '' && { name }) };
  return request('/api/v1/apps', { method: 'POST', body, deadlineMs: CREATE_DEADLINE_MS });
}

export function removeApp(id: string): Promise<unknown> {
  return request(`/api/v1/apps/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
