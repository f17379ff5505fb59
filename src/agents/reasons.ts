/** Turns a failed question into the outcome of an attempt, with a reason in words. It repeats nothing that a customer or a service said. */
import type { AttemptResult } from '../dispatch/endpoint/attempt.js';
import type { RefusalReason, AgentRefusal } from './forms/form.js';
import type { Answer, BrokenCall } from './service/call.js';

type NotTaken = Extract<AttemptResult, { taken: false }>;

const WORDS: Readonly<Record<Exclude<RefusalReason, 'refused'>, string>> = {
  key: 'the service refuses the key; make a new one there, and set agent.key',
  quota: 'the quota at the service is used up; top up the account there',
  busy: 'the service takes no more questions right now',
  absent:
    'nothing is at agent.url; look whether it ends in /v1, as for all forms but coze, and whether the service has agent.model',
  unpublished:
    'the service does not have what is asked for, or it is not published for its API; publish it there, and look at agent.url, agent.model and agent.botId',
  conversation: 'the service does not know the conversation any more',
  filtered: 'the service has withheld its answer',
  empty: 'the answer of the service has no text',
};

export function reasonOf({ refusal, code, status }: AgentRefusal): string {
  const what = refusal === 'refused' ? 'the service gives no answer' : WORDS[refusal];
  const said = [...(status >= 300 ? [String(status)] : []), ...(code === null ? [] : [code])];
  return said.length === 0 ? what : `${what} (${said.join(' ')})`;
}

/** `answered`, or why not. */
export type QuestionResult = 'answered' | RefusalReason | BrokenCall['stage'];

export function resultOf(answer: Answer): QuestionResult {
  if ('said' in answer) return 'answered';
  return 'refused' in answer ? answer.refused.refusal : answer.broken.stage;
}

export function toNotTaken(answer: Exclude<Answer, { said: unknown }>): NotTaken {
  if ('broken' in answer) {
    const { stage, reason, code, hasBegun } = answer.broken;
    return {
      taken: false,
      stage,
      reason,
      ...(code !== '' && { code }),
      // A service that had begun was there: it may be this question that it cannot answer.
      ...(hasBegun && { hasPulled: true as const }),
    };
  }
  const { refused, retryAfterMs } = answer;
  const { refusal, status } = refused;
  return {
    taken: false,
    stage: refusal === 'key' || refusal === 'quota' || refusal === 'busy' ? refusal : 'status',
    reason: reasonOf(refused),
    ...(status >= 300 && { status }),
    ...(retryAfterMs !== null && { retryAfterMs }),
  };
}
