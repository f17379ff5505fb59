import type { RefusedCallbacksAnswer } from './answers.gen.js';
import { toQuery } from './query.js';
import { request } from './request.js';

interface RefusedFilter {
  readonly corpId?: string;
  /** ISO 8601; left out for a day ago. */
  readonly from?: string;
}

/** By corp, reason and address, the latest first. */
export function listRefusedCallbacks(
  filter: RefusedFilter,
  signal: AbortSignal,
): Promise<RefusedCallbacksAnswer> {
  return request(`/api/v1/refused-callbacks${toQuery({ ...filter })}`, { signal });
}
