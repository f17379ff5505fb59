import type { RefusedCallbackAnswer } from '../../api/answers.gen.js';
import { t } from '../../i18n/language.js';

/** Why it was refused and what to do, in words. */
export function refusalOf({ reason }: Pick<RefusedCallbackAnswer, 'reason'>) {
  const { refusals } = t();
  return (reason === null ? undefined : refusals.reasons[reason]) ?? refusals.unknown;
}
