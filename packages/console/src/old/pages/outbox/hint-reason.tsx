import type { FailureAnswer } from '../../api/answers.gen.js';
import { FailureWords } from '../../components/failure-words.js';
import { formatSince } from '../../i18n/format.js';
import { whatFailed } from '../../i18n/failure.js';
import { t } from '../../i18n/language.js';

interface HintReasonProps {
  readonly failure: FailureAnswer | null;
  /** Said with it. */
  readonly waitingSince?: string;
}

/** In one line why something waits; what to do about it when asked. */
export function HintReason({ failure, waitingSince }: HintReasonProps) {
  const { accounts, common } = t();
  if (failure === null) return <>{common.none}</>;
  return (
    <details class="reason">
      <summary>{whatFailed(failure, t())}</summary>
      <FailureWords failure={failure} />
      {waitingSince !== undefined && (
        <p class="small muted">
          {accounts.waitsSince} {formatSince(waitingSince)}
        </p>
      )}
    </details>
  );
}
