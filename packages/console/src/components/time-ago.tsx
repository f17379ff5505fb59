import { secondsFromNow } from '../data/now.js';
import { formatDateTime, formatFromNow } from '../i18n/format.js';
import { t } from '../i18n/language.js';

/** How long ago; the exact time when one asks for it. */
export function TimeAgo({ at }: { readonly at: string }) {
  const seconds = secondsFromNow(at);
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {Math.abs(seconds) < 5 ? t().common.justNow : formatFromNow(seconds)}
    </time>
  );
}
