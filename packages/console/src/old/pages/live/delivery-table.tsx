import type { DeliveryAnswer } from '../../api/answers.gen.js';
import { AccountLink } from '../../components/account-link.js';
import { Chip } from '../../components/chip.js';
import { DataTable } from '../../components/data-table.js';
import { formatClock, formatDateTime, formatMs } from '../../i18n/format.js';
import { whatFailed } from '../../i18n/failure.js';
import { t } from '../../i18n/language.js';

export function DeliveryTable({ rows }: { readonly rows: readonly DeliveryAnswer[] }) {
  const { live, accounts } = t();
  return (
    <DataTable
      caption={live.table}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          key: 'time',
          head: live.time,
          cell: ({ at }) => (
            <time class="mono small" dateTime={at} title={formatDateTime(at)}>
              {formatClock(at)}
            </time>
          ),
        },
        {
          key: 'outcome',
          head: live.outcome,
          cell: ({ outcome }) => (
            <Chip tone={outcome === 'taken' ? 'good' : 'bad'} text={live.outcomes[outcome]} />
          ),
        },
        {
          key: 'account',
          head: live.account,
          cell: ({ openKfId, name }) => <AccountLink openKfId={openKfId} name={name} />,
        },
        {
          key: 'occasion',
          head: live.occasion,
          cell: ({ occasion, form, attempt }) => (
            <div class="whole">
              {accounts.occasions[occasion]}
              <div class="small muted">
                {[live.forms[form], ...(attempt > 1 ? [live.attempt(attempt)] : [])].join(' · ')}
              </div>
            </div>
          ),
        },
        { key: 'answer', head: live.answer, cell: (delivery) => <Answer of={delivery} /> },
        { key: 'took', head: live.took, isNumber: true, cell: ({ durationMs }) => formatMs(durationMs) },
        {
          key: 'replica',
          head: live.replica,
          cell: ({ replica }) => <span class="mono small wrap">{replica}</span>,
        },
      ]}
    />
  );
}

function Answer({ of: { status, stage, reason } }: { readonly of: DeliveryAnswer }) {
  if (stage === null) return <>{status}</>;
  return (
    <div class="reason">
      {whatFailed({ stage, status }, t())}
      <div class="small muted mono wrap">{reason}</div>
    </div>
  );
}
