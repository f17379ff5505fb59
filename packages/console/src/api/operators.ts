import type { OperatorPageAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';

/** So many names are known to filters. */
const NAMED_MAX = 200;

export const useOperators = () =>
  useAnswer<OperatorPageAnswer>('/api/v1/operators', { query: { limit: NAMED_MAX }, everyMs: false });
