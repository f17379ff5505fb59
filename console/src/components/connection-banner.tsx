import { lostSinceMs } from '../api/connection.js';
import { formatClock } from '../i18n/format.js';
import { t } from '../i18n/language.js';

/** Says that what is seen is old, and since when. */
export function ConnectionBanner() {
  const since = lostSinceMs.value;
  return (
    <div role="alert">
      {since !== null && <p class="banner bad">{t().common.lost(formatClock(since))}</p>}
    </div>
  );
}
