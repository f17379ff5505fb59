import type { ReceiversAnswer } from './answers.gen.js';
import { request } from './request.js';

export function listReceivers(signal: AbortSignal): Promise<ReceiversAnswer> {
  return request('/api/v1/notifications', { signal });
}
