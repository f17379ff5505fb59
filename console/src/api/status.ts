import type { HistoryAnswer, StatusAnswer } from './answers.gen.js';
import { request } from './request.js';

export function getStatus(signal: AbortSignal): Promise<StatusAnswer> {
  return request('/api/v1/status', { signal });
}

export function getHistory(signal: AbortSignal): Promise<HistoryAnswer> {
  return request('/api/v1/history', { signal });
}
