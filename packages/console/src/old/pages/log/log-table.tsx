import type { LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import { AccountLink } from '../../components/account-link.js';
import { DataTable } from '../../components/data-table.js';
import { formatDateTime, formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { OutcomeChip, What, Why } from './record-cells.js';

export function LogTable({ rows }: { readonly rows: readonly LoggedDeliveryAnswer[] }) {
  const { log, live, common } = t();
  return (
    <DataTable
      caption={log.table}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          key: 'time',
          head: live.time,
          cell: ({ id, at }) => (
            <a class="small" href={`/console/live/log/${id}`} title={log.open}>
              <time dateTime={at}>{formatDateTime(at)}</time>
            </a>
          ),
        },
        { key: 'outcome', head: live.outcome, cell: ({ outcome }) => <OutcomeChip outcome={outcome} /> },
        {
          key: 'account',
          head: live.account,
          cell: ({ openKfId, name, corpId }) => (
            <>
              {openKfId === null ? common.none : <AccountLink openKfId={openKfId} name={name} />}
              <span class="mono small muted">{corpId}</span>
            </>
          ),
        },
        { key: 'what', head: log.what, cell: (record) => <What of={record} /> },
        { key: 'answer', head: live.answer, cell: (record) => <Why of={record} /> },
        { key: 'took', head: live.took, isNumber: true, cell: ({ durationMs }) => formatMs(durationMs) },
      ]}
    />
  );
}
