import { agentResults } from './en/agent-results.js';
import { causes } from './en/causes.js';
import { errcodes } from './en/errcodes.js';
import { failures } from './en/failures.js';
import { reasons, unknown } from './en/refusals.js';

export const english = {
  causes,
  failures,
  errcodes,
  refusals: { reasons, unknown },
  agents: { results: agentResults },
};
