import type { Page } from './page.js';
import type { FailedCallAnswer, SeenWecomErrorPageAnswer } from './answers.gen.js';
import { toQuery } from './query.js';
import { request } from './request.js';

export function listWecomErrors(signal: AbortSignal): Promise<SeenWecomErrorPageAnswer> {
  return request('/api/v1/wecom-errors?limit=200', { signal });
}

const PAGE_SIZE = 50;

export function listFailedCalls(
  filter: { readonly corpId: string; readonly openKfId: string },
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<FailedCallAnswer>> {
  return request(`/api/v1/wecom-errors/calls${toQuery({ ...filter, cursor, limit: PAGE_SIZE })}`, { signal });
}
