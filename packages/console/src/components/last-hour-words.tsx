import type { LastHourAnswer } from '../api/answers.gen.js';
import { formatMs, formatNumber, formatShare } from '../i18n/format.js';
import { t } from '../i18n/language.js';
import { SlowMark } from './p95.js';

/** How deliveries went within the last hour. */
export function LastHourWords({ of: { attempts, taken, p50Ms, p95Ms } }: { readonly of: LastHourAnswer }) {
  const { accounts } = t();
  if (attempts === 0) return <span className="muted">{accounts.noAttempts}</span>;
  return (
    <>
      {accounts.takenOf(formatNumber(taken), formatNumber(attempts), formatShare(taken, attempts))}
      {p50Ms !== null && p95Ms !== null && (
        <>
          <br />
          <span className="small muted">{accounts.percentiles(formatMs(p50Ms), formatMs(p95Ms))}</span>{' '}
          <SlowMark p95Ms={p95Ms} />
        </>
      )}
    </>
  );
}
