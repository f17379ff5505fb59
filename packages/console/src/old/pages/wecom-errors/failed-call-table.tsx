import type { FailedCallAnswer } from '../../api/answers.gen.js';
import { AccountLink } from '../../components/account-link.js';
import { DataTable } from '../../components/data-table.js';
import { Errcode } from '../../components/errcode.js';
import { HourBars } from '../../components/hour-bars.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

export function FailedCallTable({ rows }: { readonly rows: readonly FailedCallAnswer[] }) {
  const { accounts, common, wecomErrors } = t();
  return (
    <DataTable
      caption={wecomErrors.calls}
      rows={rows}
      keyOf={({ operation, api, why, corpId, openKfId }) => [operation, api, why, corpId, openKfId].join(' ')}
      columns={[
        {
          key: 'api',
          head: wecomErrors.api,
          cell: ({ operation, api }) => <span class="mono small wrap">{api || operation}</span>,
        },
        {
          key: 'why',
          head: wecomErrors.code,
          cell: ({ why }) => <Errcode why={why} />,
        },
        {
          key: 'corp',
          head: accounts.corp,
          cell: ({ corpId }) => <span class="mono small">{corpId ?? common.unknown}</span>,
        },
        {
          key: 'account',
          head: accounts.account,
          cell: ({ openKfId, name }) =>
            openKfId === null ? common.none : <AccountLink openKfId={openKfId} name={name} />,
        },
        {
          key: 'hours',
          head: wecomErrors.hours,
          cell: ({ hours }) => <HourBars label={wecomErrors.perHour(hours.join(', '))} counts={hours} />,
        },
        {
          key: 'count',
          head: wecomErrors.count,
          isNumber: true,
          cell: ({ count }) => formatNumber(count),
        },
        { key: 'last', head: wecomErrors.last, cell: ({ lastAt }) => <TimeAgo at={lastAt} /> },
      ]}
    />
  );
}
