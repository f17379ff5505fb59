import type { HintAnswer } from '../../../../src/api/answers/hint.js';
import { TimeAgo } from '../../components/time-ago.js';
import { t } from '../../i18n/language.js';

/** When a hint is tried next. */
export function DueWords({ hint: { state, isUnderWay, dueAt } }: { readonly hint: HintAnswer }) {
  const { accounts, outbox } = t();
  if (isUnderWay) return <span>{accounts.underWay}</span>;
  if (state === 'dead') return <span>{outbox.dueNever}</span>;
  if (state === 'parked') return <span>{outbox.dueWhenRegistered}</span>;
  return dueAt === null || Date.parse(dueAt) <= Date.now() ? (
    <span>{outbox.dueNow}</span>
  ) : (
    <TimeAgo at={dueAt} />
  );
}
