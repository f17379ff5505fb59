import { useEffect, useRef, useState } from 'preact/hooks';
import { lostSinceMs } from '../api/connection.js';
import { tellInPassing } from '../data/notices.js';
import { formatSeconds } from '../i18n/format.js';
import { t } from '../i18n/language.js';

/** Says that what is seen is old, and how old; and when it is so no more. */
export function ConnectionBanner() {
  const since = lostSinceMs.value;
  const wasLost = useRef(false);
  useEffect(() => {
    if (wasLost.current && since === null) tellInPassing(t().common.answersAgain);
    wasLost.current = since !== null;
  }, [since]);
  return (
    <div class="connection">
      {/* Read out once, and not with each second. */}
      <p class="unseen" role="alert">
        {since !== null && t().common.lost}
      </p>
      {since !== null && (
        <p class="banner bad">
          {t().common.lost} <Age sinceMs={since} />
        </p>
      )}
    </div>
  );
}

function Age({ sinceMs }: { readonly sinceMs: number }) {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <>{t().common.lastAnswer(formatSeconds(Math.max(0, nowMs - sinceMs) / 1_000))}</>;
}
