import { formatDateTime, formatFromNow, formatSeconds, formatShortTime, formatTime } from '../i18n/format.js';
import { t } from '../i18n/language.js';
import { useSecondsFromNow } from '../state/now.js';

/** How long ago; the exact time for a pointer that rests on it. */
export function Ago({ at }: { readonly at: string | null }) {
  return at === null ? <>{t().common.none}</> : <AgoOf at={at} />;
}

function AgoOf({ at }: { readonly at: string }) {
  const seconds = useSecondsFromNow(at);
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {Math.abs(seconds) < 5 ? t().common.justNow : formatFromNow(seconds)}
    </time>
  );
}

/** How long something has lasted: "4 min". */
export function Lasting({ since }: { readonly since: string }) {
  return (
    <time dateTime={since} title={formatDateTime(since)}>
      {formatSeconds(Math.max(0, -useSecondsFromNow(since)))}
    </time>
  );
}

/** "14:03:21" of today, with the date of another day; always 24 hours. */
export function Time({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={formatDateTime(at)} className="number">
      {formatTime(at)}
    </time>
  );
}

/** When something is tried next. A moment that has come says so: "3 s ago" would look like a try that was missed. */
export function Due({ at }: { readonly at: string | null }) {
  return at === null ? <>{t().outbox.dueNow}</> : <DueAt at={at} />;
}

function DueAt({ at }: { readonly at: string }) {
  const seconds = useSecondsFromNow(at);
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {seconds < 5 ? t().outbox.dueNow : formatFromNow(seconds)}
    </time>
  );
}

/** "14:03:21" of today, "Nov 29, 14:03" of another day: for a narrow column. */
export function ShortTime({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={formatDateTime(at)} className="number">
      {formatShortTime(at)}
    </time>
  );
}
