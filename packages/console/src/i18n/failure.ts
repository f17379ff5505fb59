import type { FailureReasonAnswer } from '../api/answers.gen.js';
import type { Words } from './words.js';

/** What happened, in one line; with the number where the bot answered with an HTTP status. */
export function whatFailed(
  { stage, status }: Pick<FailureReasonAnswer, 'stage' | 'status'>,
  { common, failures }: Pick<Words, 'common' | 'failures'>,
): string {
  return stage === 'status' && status !== null ? common.httpError(status) : failures[stage].what;
}
