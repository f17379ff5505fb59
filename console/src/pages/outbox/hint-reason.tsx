import type { FailureAnswer } from '../../api/answers.gen.js';
import { FailureWords } from '../../components/failure-words.js';
import { t } from '../../i18n/language.js';

/** In one line why something waits; what to do about it when asked. */
export function HintReason({ failure }: { readonly failure: FailureAnswer | null }) {
  if (failure === null) return <>{t().common.none}</>;
  return (
    <details class="reason">
      <summary>{t().failures[failure.stage].what}</summary>
      <FailureWords failure={failure} />
    </details>
  );
}
