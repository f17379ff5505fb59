import type { HistoryAnswer } from '../../api/answers.gen.js';

export type Point = HistoryAnswer['items'][number];

/** What can be drawn. */
export type LineName = 'callbacks' | 'delivered' | 'kept' | 'refused' | 'notTaken' | 'waiting' | 'dead';

export function sumOf(items: readonly Point[], line: LineName): number {
  return items.reduce((sum, item) => sum + (item[line] ?? 0), 0);
}
