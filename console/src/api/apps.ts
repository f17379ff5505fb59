import type { AppAnswer, AppCreatedAnswer } from '../../../src/api/answers/app.js';
import type { Page } from '../../../src/api/answers/page.js';
import { toQuery } from './query.js';
import { request } from './request.js';

/** Nobody has so many apps that they need pages here. */
const LIMIT = 200;

export function listApps(signal: AbortSignal): Promise<Page<AppAnswer>> {
  return request(`/api/v1/apps${toQuery({ limit: LIMIT })}`, { signal });
}

export function createApp(corpId: string, name: string): Promise<AppCreatedAnswer> {
  return request('/api/v1/apps', { method: 'POST', body: { corpId, ...(name !== '' && { name }) } });
}

export function removeApp(id: string): Promise<unknown> {
  return request(`/api/v1/apps/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
