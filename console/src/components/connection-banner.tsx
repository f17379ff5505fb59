import { useEffect, useRef } from 'preact/hooks';
import { lostSinceMs } from '../api/connection.js';
import { tellInPassing } from '../data/notices.js';
import { formatClock } from '../i18n/format.js';
import { t } from '../i18n/language.js';

/** Says that what is seen is old, and since when; and when it is so no more. */
export function ConnectionBanner() {
  const since = lostSinceMs.value;
  const wasLost = useRef(false);
  useEffect(() => {
    if (wasLost.current && since === null) tellInPassing(t().common.answersAgain);
    wasLost.current = since !== null;
  }, [since]);
  return (
    <div role="alert">
      {since !== null && <p class="banner bad">{t().common.lost(formatClock(since))}</p>}
    </div>
  );
}
