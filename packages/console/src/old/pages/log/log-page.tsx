import { useLocation } from 'preact-iso/router';
import { type LogFilter, searchDeliveries } from '../../api/deliveries.js';
import { toQuery } from '../../api/query.js';
import { Empty } from '../../components/empty.js';
import { Page } from '../../components/page.js';
import { PagedList } from '../../components/paged-list.js';
import { usePaged } from '../../data/paged.js';
import { usePolled } from '../../data/polled.js';
import { formatDateTime } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { DeliveryTabs } from './delivery-tabs.js';
import { LogFilterForm } from './log-filter-form.js';
import { LogTable } from './log-table.js';

const REACH_EVERY_MS = 30_000;

/** Searches what was delivered, also before this page was opened, and on other replicas. */
export function LogPage() {
  const { log, live } = t();
  const { query, route } = useLocation();
  const { q = '', openKfId = '', from = '', to = '' } = query;
  const outcome = (query.outcome ?? '') as LogFilter['outcome'];
  const filter: LogFilter = { q, openKfId, outcome, from, to };
  const paged = usePaged(`log ${toQuery({ ...filter })}`, (cursor, signal) =>
    searchDeliveries(filter, cursor, signal),
  );
  return (
    <Page title={live.title} intro={log.intro}>
      <DeliveryTabs tab="search" />
      <Reach />
      <LogFilterForm
        filter={filter}
        onChange={(next) => route(`/console/live/log${toQuery({ ...next })}`, true)}
      />
      <PagedList of={paged} empty={<Empty title={log.nothing} text={log.nothingText} />}>
        {(rows) => <LogTable rows={rows} />}
      </PagedList>
    </Page>
  );
}

/** How far back the log reaches. */
function Reach() {
  const { log } = t();
  const { data } = usePolled('reach', (signal) => searchDeliveries({}, null, signal, 1), REACH_EVERY_MS);
  if (data === null) return null;
  const { since, days } = data;
  const known = since === null ? log.empty : log.since(formatDateTime(since), days);
  return <p class="muted small">{days === 0 ? log.off : known}</p>;
}
