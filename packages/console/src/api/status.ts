import type { HistoryAnswer, StatusAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';

const STATUS_EVERY_MS = 3_000;

/** Asked for once, for the navigation and whichever page is open. */
export const useStatus = () => useAnswer<StatusAnswer>('/api/v1/status', { everyMs: STATUS_EVERY_MS });

export const HISTORY_RANGES = ['1h', '6h', '24h', '3d'] as const;
export type HistoryRange = (typeof HISTORY_RANGES)[number];

export const useHistory = (range: HistoryRange) =>
  useAnswer<HistoryAnswer>('/api/v1/history', { query: { range } });
