import type { RefusedCallbackAnswer } from '../../api/answers.gen.js';
import { toQuery } from '../../api/query.js';
import { DataTable } from '../../components/data-table.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { refusalOf } from './refusal.js';

export function RefusedTable({ rows }: { readonly rows: readonly RefusedCallbackAnswer[] }) {
  const { refusals, log } = t();
  return (
    <DataTable
      caption={refusals.table}
      rows={rows}
      keyOf={({ corpId, reason, source }) => `${corpId} ${reason} ${source}`}
      columns={[
        {
          key: 'corp',
          head: log.corp,
          cell: ({ corpId }) =>
            corpId === null ? (
              <span class="muted">{refusals.noCorp}</span>
            ) : (
              <a
                class="mono wrap"
                href={`/console/live/log${toQuery({ q: corpId, outcome: 'refused' })}`}
                title={log.search}
              >
                {corpId}
              </a>
            ),
        },
        {
          key: 'why',
          head: refusals.why,
          cell: (row) => (
            <>
              <strong>{refusalOf(row).what}</strong>
              <div class="small muted mono wrap">{row.reason}</div>
            </>
          ),
        },
        { key: 'remedy', head: refusals.remedy, cell: (row) => refusalOf(row).remedy },
        {
          key: 'address',
          head: refusals.address,
          cell: ({ source }) => <span class="mono small wrap">{source}</span>,
        },
        { key: 'count', head: refusals.count, isNumber: true, cell: ({ count }) => formatNumber(count) },
        { key: 'last', head: refusals.last, cell: ({ lastAt }) => <TimeAgo at={lastAt} /> },
      ]}
    />
  );
}
