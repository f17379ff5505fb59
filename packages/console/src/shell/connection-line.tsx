import { Alert } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { lostSinceMs } from '../api/connection.js';
import { useTell } from '../components/tell.js';
import { formatSeconds } from '../i18n/format.js';
import { t } from '../i18n/language.js';
import { useCell } from '../state/cell.js';

/** Says that the page is old, and how old; and in passing when that is over. */
export function ConnectionLine() {
  const { common } = t();
  const tell = useTell();
  const since = useCell(lostSinceMs);
  const wasLost = useRef(false);
  useEffect(() => {
    if (wasLost.current && since === null) tell(common.answersAgain);
    wasLost.current = since !== null;
  }, [since]);
  return (
    <>
      {/* Read out once, and not with each second. */}
      <p className="unseen" role="alert">
        {since !== null && common.lost}
      </p>
      {since !== null && (
        <Alert
          banner
          type="error"
          role="none"
          title={
            <>
              {common.lost} <Age sinceMs={since} />
            </>
          }
        />
      )}
    </>
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
