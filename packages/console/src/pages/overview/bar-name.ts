import type { HistoryAnswer } from '../../api/answers.gen.js';

export type Point = HistoryAnswer['items'][number];

/** What can be drawn. */
export type BarName = Exclude<keyof Point, 'at' | 'starts' | 'failedAttempts'>;

export function sumOf(items: readonly Point[], name: BarName | 'starts'): number {
  return items.reduce((sum, item) => sum + item[name], 0);
}
