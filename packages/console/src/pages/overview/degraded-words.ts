import type { CauseAnswer, VerdictAnswer } from '../../api/answers.gen.js';
import type { Words } from '../../i18n/words.js';

/** What is said where nothing is bad and something has a cause: customers may wait for it, unless it is plain that none does. */
export function degradedWords(
  { causes, moreCauses, replies }: Pick<VerdictAnswer, 'causes' | 'moreCauses' | 'replies'>,
  { answered, degraded, lookText }: Pick<Words['overview']['verdict'], 'answered' | 'degraded' | 'lookText'>,
): { readonly title: string; readonly text?: string } {
  const isCalm = replies.answering > 0 && moreCauses === 0 && causes.every(keepsNobodyWaiting);
  return isCalm ? { title: answered, text: lookText } : { title: degraded };
}

/** Other replicas serve the customers of one that is away; a refused callback of no known corp is not WeCom's. */
function keepsNobodyWaiting({ code, corpId }: CauseAnswer): boolean {
  return code === 'replica_away' || (code === 'refused' && corpId === null);
}
