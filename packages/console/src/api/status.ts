import type { HistoryAnswer, StatusAnswer } from './answers.gen.js';
import { request } from './request.js';

export function getStatus(signal: AbortSignal): Promise<StatusAnswer> {
  return request('/api/v1/status', { signal });
}

export const HISTORY_RANGES = ['1h', '6h', '24h', '3d'] as const;
export type HistoryRange = (typeof HISTORY_RANGES)[number];

export function getHistory(range: HistoryRange, signal: AbortSignal): Promise<HistoryAnswer> {
  return request(`/api/v1/history?range=${range}`, { signal });
}
