import { formatMs } from '../i18n/format.js';
import { t } from '../i18n/language.js';
import { StateTag } from './state-tag.js';

/** Half of the second that the first attempt of an event has: what takes longer is soon kept for later. */
const SLOW_MS = 500;

/** How long a bot takes, with a mark where that is long. */
export function P95({ ms }: { readonly ms: number | null }) {
  if (ms === null) return <>{t().common.none}</>;
  return (
    <>
      <SlowMark p95Ms={ms} /> {formatMs(ms)}
    </>
  );
}

export function SlowMark({ p95Ms }: { readonly p95Ms: number | null }) {
  const { accounts } = t();
  if (p95Ms === null || p95Ms < SLOW_MS) return null;
  return <StateTag tone="wait" text={accounts.slow} title={accounts.slowText} />;
}
