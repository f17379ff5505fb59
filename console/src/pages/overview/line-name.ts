import type { HistoryAnswer } from '../../../../src/api/answers/status.js';

export type Point = HistoryAnswer['items'][number];

/** What can be drawn. */
export type LineName = 'callbacks' | 'delivered' | 'kept' | 'refused' | 'notTaken' | 'waiting' | 'dead';
