import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { AccountLink } from '../../components/account-link.js';
import { Chip } from '../../components/chip.js';
import { DataTable } from '../../components/data-table.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatSeconds } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { ACCOUNT_TONES } from './account-tone.js';

export function AccountTable({ rows }: { readonly rows: readonly KfAccountAnswer[] }) {
  const { accounts, common } = t();
  return (
    <DataTable
      caption={accounts.table}
      rows={rows}
      keyOf={({ openKfId }) => openKfId}
      columns={[
        {
          key: 'account',
          head: accounts.account,
          cell: ({ openKfId, name }) => <AccountLink openKfId={openKfId} name={name} />,
        },
        {
          key: 'state',
          head: accounts.state,
          cell: ({ state }) => <Chip tone={ACCOUNT_TONES[state]} text={accounts.states[state]} />,
        },
        { key: 'corp', head: accounts.corp, cell: ({ corpId }) => <span class="mono small">{corpId}</span> },
        {
          key: 'endpoint',
          head: accounts.endpoint,
          cell: ({ endpoint }) => <span class="mono small wrap">{endpoint}</span>,
        },
        {
          key: 'circuit',
          head: accounts.circuit,
          cell: ({ circuit }) =>
            circuit === 'open' ? (
              <Chip tone="wait" text={accounts.circuits.open} />
            ) : (
              accounts.circuits.closed
            ),
        },
        {
          key: 'hint',
          head: accounts.hint,
          cell: ({ hint }) => (hint === null ? common.none : formatSeconds(hint.ageS)),
        },
        {
          key: 'delivery',
          head: accounts.lastDelivery,
          cell: ({ lastDelivery }) =>
            lastDelivery === null ? common.none : <TimeAgo at={lastDelivery.at} />,
        },
      ]}
    />
  );
}
