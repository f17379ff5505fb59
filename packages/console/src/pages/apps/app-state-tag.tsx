import type { AppAnswer } from '../../api/answers.gen.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { StateTag } from '../../components/state-tag.js';
import { t } from '../../i18n/language.js';
import { stateOfApp, toneOfApp } from './app-state.js';

/** The state in a word; a pointer that rests on it is told the cause. */
export function AppStateTag({ app }: { readonly app: AppAnswer }) {
  const text = t().apps.states[stateOfApp(app)];
  const [worst] = app.causes;
  return (
    <StateTag
      tone={toneOfApp(app)}
      text={text}
      title={worst === undefined ? text : wordsOfCause(worst).what}
    />
  );
}
