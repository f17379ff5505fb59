import type { Page } from '../../../src/api/answers/page.js';
import type { WecomErrorAnswer } from '../../../src/api/answers/wecom-error.js';
import { request } from './request.js';

export function listWecomErrors(signal: AbortSignal): Promise<Page<WecomErrorAnswer>> {
  return request('/api/v1/wecom-errors?limit=200', { signal });
}
