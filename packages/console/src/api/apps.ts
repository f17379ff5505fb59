import { useQuery } from '@tanstack/react-query';
import type { AppAnswer, AppCreatedAnswer, AppPageAnswer } from './answers.gen.js';
import { useAnswer, usePaged } from './answers.js';
import { request } from './request.js';
import { toQuery } from './to-query.js';

/** So many names are known to lists and filters. */
const NAMED_MAX = 200;
/** A slow store takes some seconds to keep it. */
const CREATE_DEADLINE_MS = 15_000;
/** While somebody watches how far an app is. */
const WATCHED_EVERY_MS = 2_000;

export const useApps = () => usePaged<AppAnswer>('/api/v1/apps');

/** The first 200, for names and choices. */
export const useKnownApps = () =>
  useAnswer<AppPageAnswer>('/api/v1/apps', { query: { limit: NAMED_MAX }, everyMs: 30_000 });

/** Looks through the pages of the list, since the API gives no single app; null where none of them has it. */
export const useApp = (id: string) =>
  useQuery<AppAnswer | null>({
    queryKey: ['apps', { id }],
    queryFn: async ({ signal }) => {
      let cursor: string | null = null;
      do {
        const path: string = `/api/v1/apps${toQuery({ cursor, limit: NAMED_MAX })}`;
        const page: AppPageAnswer = await request(path, { signal });
        const found = page.items.find((app) => app.id === id);
        if (found !== undefined) return found;
        cursor = page.nextCursor;
      } while (cursor !== null);
      return null;
    },
    refetchInterval: WATCHED_EVERY_MS,
  });

export function createApp(corpId: string, name: string): Promise<AppCreatedAnswer> {
  const body = { corpId, ...(name !== '' && { name }) };
  return request('/api/v1/apps', { method: 'POST', body, deadlineMs: CREATE_DEADLINE_MS });
}

export function removeApp(id: string): Promise<unknown> {
  return request(`/api/v1/apps/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
