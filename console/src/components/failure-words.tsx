import type { FailureAnswer } from '../api/answers.gen.js';
import { t } from '../i18n/language.js';

/** Why a puppet did not take something and what to do about it, in plain words; the manager's own reason last. */
export function FailureWords({ failure }: { readonly failure: Pick<FailureAnswer, 'stage' | 'reason'> }) {
  const { accounts, failures } = t();
  const { what, remedy } = failures[failure.stage];
  return (
    <dl class="facts">
      <dt>{accounts.what}</dt>
      <dd>{what}</dd>
      <dt>{accounts.remedy}</dt>
      <dd>{remedy}</dd>
      <dt>{accounts.reason}</dt>
      <dd class="mono">{failure.reason}</dd>
    </dl>
  );
}
