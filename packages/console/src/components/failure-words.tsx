import type { FailureReasonAnswer } from '../api/answers.gen.js';
import { whatFailed } from '../i18n/failure.js';
import { t } from '../i18n/language.js';

/** Why a puppet did not take something and what to do about it, in plain words; the manager's own reason last. */
export function FailureWords({ failure }: { readonly failure: FailureReasonAnswer }) {
  const { accounts, failures } = t();
  const { remedy } = failures[failure.stage];
  return (
    <dl class="facts">
      <dt>{accounts.what}</dt>
      <dd>{whatFailed(failure, t())}</dd>
      <dt>{accounts.remedy}</dt>
      <dd>{remedy}</dd>
      <dt>{accounts.reason}</dt>
      <dd class="mono">{failure.reason}</dd>
    </dl>
  );
}
