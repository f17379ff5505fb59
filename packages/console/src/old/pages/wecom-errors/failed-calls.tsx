import { useLocation } from 'preact-iso/router';
import { listFailedCalls } from '../../api/wecom-errors.js';
import { toQuery } from '../../api/query.js';
import { PagedList } from '../../components/paged-list.js';
import { TextFilter } from '../../components/text-filter.js';
import { usePaged } from '../../data/paged.js';
import { t } from '../../i18n/language.js';
import { FailedCallTable } from './failed-call-table.js';

/** Calls that failed, by API, corp and account. The filter stands in the address. */
export function FailedCalls() {
  const { accounts, live, wecomErrors } = t();
  const { query, route } = useLocation();
  const filter = { corpId: query.corpId ?? '', openKfId: query.openKfId ?? '' };
  const paged = usePaged(`calls ${toQuery(filter)}`, (cursor, signal) =>
    listFailedCalls(filter, cursor, signal),
  );
  const goTo = (next: typeof filter): void => route(`/console/wecom-errors${toQuery(next)}`, true);
  return (
    <section class="apart">
      <h2>{wecomErrors.calls}</h2>
      <search class="filters">
        <TextFilter
          label={accounts.corpIdWhole}
          value={filter.corpId}
          onChange={(corpId) => goTo({ ...filter, corpId })}
        />
        <TextFilter
          label={live.account}
          value={filter.openKfId}
          onChange={(openKfId) => goTo({ ...filter, openKfId })}
        />
      </search>
      <PagedList of={paged} empty={<p class="muted">{wecomErrors.noCalls}</p>}>
        {(rows) => <FailedCallTable rows={rows} />}
      </PagedList>
    </section>
  );
}
