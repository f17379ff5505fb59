import { useLocation } from 'preact-iso/router';
import { listAudit } from '../../api/audit.js';
import { toQuery } from '../../api/query.js';
import { Empty } from '../../components/empty.js';
import { Page } from '../../components/page.js';
import { PagedList } from '../../components/paged-list.js';
import { TextFilter } from '../../components/text-filter.js';
import { TimeFilter } from '../../components/time-filter.js';
import { usePaged } from '../../data/paged.js';
import { t } from '../../i18n/language.js';
import { AuditTable } from './audit-table.js';

/** What operators did, on whichever replica. */
export function AuditPage() {
  const { audit } = t();
  const { query, route } = useLocation();
  const filter = { operator: query.operator ?? '', since: query.since ?? '' };
  const find = (changed: Partial<typeof filter>): void =>
    route(`/console/audit${toQuery({ ...filter, ...changed })}`, true);
  const paged = usePaged(`audit ${toQuery(filter)}`, (cursor, signal) => listAudit(filter, cursor, signal));
  return (
    <Page title={audit.title} intro={audit.intro}>
      <search class="filters">
        <TextFilter
          label={audit.operator}
          value={filter.operator}
          onChange={(operator) => find({ operator })}
        />
        <TimeFilter label={audit.since} value={filter.since} onChange={(since) => find({ since })} />
      </search>
      <PagedList of={paged} empty={<Empty title={audit.nothing} text={audit.nothingText} />}>
        {(rows) => <AuditTable rows={rows} />}
      </PagedList>
    </Page>
  );
}
