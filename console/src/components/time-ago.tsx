import { nowMs } from '../data/now.js';
import { formatDateTime, formatFromNow } from '../i18n/format.js';
import { t } from '../i18n/language.js';

/** How long ago, or how soon; the exact time when one asks for it. */
export function TimeAgo({ at }: { readonly at: string }) {
  const seconds = (Date.parse(at) - Math.max(nowMs.value, Date.now() - 5_000)) / 1_000;
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {Math.abs(seconds) < 5 ? t().common.justNow : formatFromNow(seconds)}
    </time>
  );
}
