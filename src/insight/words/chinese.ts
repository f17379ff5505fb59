import type { TroubleWords } from './words.js';
import { agentResults } from './zh/agent-results.js';
import { causes } from './zh/causes.js';
import { errcodes } from './zh/errcodes.js';
import { failures } from './zh/failures.js';
import { reasons, unknown } from './zh/refusals.js';

export const chinese: TroubleWords = {
  causes,
  failures,
  errcodes,
  refusals: { reasons, unknown },
  agents: { results: agentResults },
};
