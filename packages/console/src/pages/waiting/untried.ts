import type { HintAnswer } from '../../api/answers.gen.js';
import type { Words } from '../../i18n/words.js';

/** Why an event that waits was kept without an attempt; `null` where there was one, or it is not known. */
export function untriedWords(
  { state, attempts, lastFailure }: Pick<HintAnswer, 'state' | 'attempts' | 'lastFailure'>,
  { untried }: Pick<Words['outbox'], 'untried'>,
): string | null {
  if (attempts > 0 || lastFailure === null || state === 'dead') return null;
  const { stage } = lastFailure;
  // Any other stage is of an attempt, which an earlier event had, or this one before it was sent again.
  return stage in untried ? untried[stage as keyof typeof untried] : untried.before;
}
