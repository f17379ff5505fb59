import type { HintAnswer } from '../../api/answers.gen.js';
import { secondsFromNow } from '../../data/now.js';
import { formatDateTime, formatFromNow } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** When a hint is tried next. */
export function DueWords({ hint: { state, isUnderWay, dueAt } }: { readonly hint: HintAnswer }) {
  const { accounts, outbox } = t();
  if (isUnderWay) return <span>{accounts.underWay}</span>;
  if (state === 'dead') return <span>{outbox.dueNever}</span>;
  if (state === 'parked') return <span>{outbox.dueWhenRegistered}</span>;
  return dueAt === null ? <span>{outbox.dueNow}</span> : <DueTime at={dueAt} />;
}

/** A moment that has come says so: "3 s ago" would look like a try that was missed. */
export function DueTime({ at }: { readonly at: string }) {
  const seconds = secondsFromNow(at);
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {seconds < 5 ? t().outbox.dueNow : formatFromNow(seconds)}
    </time>
  );
}
