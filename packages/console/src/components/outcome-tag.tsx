import type { LoggedDeliveryAnswer } from '../api/answers.gen.js';
import { t } from '../i18n/language.js';
import { StateTag, type Tone } from './state-tag.js';

const TONES: Readonly<Record<LoggedDeliveryAnswer['outcome'], Tone>> = {
  taken: 'good',
  kept: 'wait',
  not_taken: 'bad',
  ignored: 'quiet',
  refused: 'bad',
  failed: 'bad',
  dead: 'bad',
  passed_over: 'quiet',
  dropped: 'quiet',
  people: 'quiet',
  handed_over: 'good',
  welcome: 'good',
  replayed: 'wait',
};

/** What became of something, of a record of the log. */
export function OutcomeTag({ outcome }: Pick<LoggedDeliveryAnswer, 'outcome'>) {
  return <StateTag tone={TONES[outcome]} text={t().log.outcomes[outcome]} />;
}
