import type { Page } from './page.js';
import type { SeenWecomErrorAnswer } from './answers.gen.js';
import { request } from './request.js';

export function listWecomErrors(signal: AbortSignal): Promise<Page<SeenWecomErrorAnswer>> {
  return request('/api/v1/wecom-errors?limit=200', { signal });
}
