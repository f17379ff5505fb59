import type { RefusedCallbacksAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';

interface RefusedFilter {
  readonly corpId?: string;
  /** ISO 8601; left out for a day ago. */
  readonly from?: string;
}

/** By corp, reason and address, the latest first. */
export const useRefusedCallbacks = (filter: RefusedFilter) =>
  useAnswer<RefusedCallbacksAnswer>('/api/v1/refused-callbacks', { query: { ...filter } });
