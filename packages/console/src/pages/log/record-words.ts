import type { LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import { whatFailed } from '../../../../../src/insight/words/cause-text.js';
import { t } from '../../i18n/language.js';
import { refusalOf } from './refusal.js';

/** What happened, and on which occasion: "Attempt as a retry · attempt 2". */
export function whatOf({ kind, occasion, form, attempt }: LoggedDeliveryAnswer): string {
  const { log, live, accounts } = t();
  const event = [log.kinds[kind], ...(occasion === null ? [] : [accounts.occasions[occasion]])].join(' ');
  return [
    event,
    ...(form === null ? [] : [log.forms[form]]),
    ...(kind === 'attempt' && attempt > 1 ? [live.attempt(attempt)] : []),
  ].join(' · ');
}

/** What the bot answered, or why it did not get it; empty where there is nothing to say. */
export function whyOf({ outcome, status, stage, reason }: LoggedDeliveryAnswer): string {
  const { log } = t();
  if (outcome === 'refused') return titleOfRefusal({ reason });
  if (outcome === 'people' || outcome === 'handed_over') return log.withheld[outcome];
  if (stage !== null) return whatFailed({ stage, status }, t());
  return status === null ? (reason ?? '') : log.answered(status);
}

/** Why it was refused, as words that stand alone: elsewhere they go on in a sentence. */
export function titleOfRefusal(refused: Parameters<typeof refusalOf>[0]): string {
  const { what } = refusalOf(refused);
  return what.charAt(0).toUpperCase() + what.slice(1);
}
