import type { AppAnswer, AppCreatedAnswer, AppPageAnswer } from './answers.gen.js';
import { useAnswer, usePaged } from './answers.js';
import { request } from './request.js';

/** So many names are known to lists and filters. */
const NAMED_MAX = 200;
/** A slow store takes some seconds to keep it. */
const CREATE_DEADLINE_MS = 15_000;

export const useApps = () => usePaged<AppAnswer>('/api/v1/apps');

/** The first 200, for names and choices. */
export const useKnownApps = () =>
  useAnswer<AppPageAnswer>('/api/v1/apps', { query: { limit: NAMED_MAX }, everyMs: 30_000 });

export function createApp(corpId: string, name: string): Promise<AppCreatedAnswer> {
  const body = { corpId, ...(name !== '' && { name }) };
  return request('/api/v1/apps', { method: 'POST', body, deadlineMs: CREATE_DEADLINE_MS });
}

export function removeApp(id: string): Promise<unknown> {
  return request(`/api/v1/apps/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
