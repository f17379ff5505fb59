import { useStatus } from '../../api/status.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** How many accounts were named that there are not, with some of them; nothing where there are none. */
export function UnknownAccounts() {
  const unknown = useStatus().data?.unknownAccounts;
  if (unknown === undefined || unknown.count === 0) return null;
  return (
    <p className="small muted">
      {t().accounts.unknown(formatNumber(unknown.count))}{' '}
      <span className="mono breaking">{unknown.examples.map(({ openKfId }) => openKfId).join(', ')}</span>
    </p>
  );
}
