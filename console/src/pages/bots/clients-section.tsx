import type { BotAnswer, ConnectionAnswer } from '../../api/answers.gen.js';
import { listConnections } from '../../api/connections.js';
import { ALL_OTHERS } from '../../bots/account-ids.js';
import { Chip } from '../../components/chip.js';
import { type Column, DataTable } from '../../components/data-table.js';
import { Loaded } from '../../components/loaded.js';
import { TimeAgo } from '../../components/time-ago.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';

const EVERY_MS = 3_000;
const SHOWN_ACCOUNTS_MAX = 3;

/** Whoever has a stream of the bot open, at any replica. */
export function ClientsSection({ bot: { id, name } }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const polled = usePolled(`connections ${id}`, (signal) => listConnections(id, signal), EVERY_MS);
  return (
    <section class="card wide">
      <h2>{bots.clients}</h2>
      <Loaded of={polled}>
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 && <p class="muted">{bots.noClients}</p>}
            {items.length > 0 && (
              <DataTable
                caption={bots.clientsOf(name)}
                columns={columns()}
                rows={items}
                keyOf={({ id: key }) => key}
              />
            )}
            {nextCursor !== null && <p class="muted">{bots.moreClients(items.length)}</p>}
          </>
        )}
      </Loaded>
    </section>
  );
}

function columns(): readonly Column<ConnectionAnswer>[] {
  const { bots } = t();
  return [
    { key: 'client', head: bots.client, cell: ({ clientId }) => <span class="mono">{clientId}</span> },
    { key: 'roles', head: bots.role, cell: ({ accounts }) => <Roles accounts={accounts} /> },
    { key: 'since', head: bots.connected, cell: ({ connectedAt }) => <TimeAgo at={connectedAt} /> },
    {
      key: 'from',
      head: bots.from,
      cell: ({ address, agent, way, replica }) => (
        <>
          <span class="mono">{address}</span>
          <div class="small muted">{[bots.ways[way], agent, replica].filter(Boolean).join(' · ')}</div>
        </>
      ),
    },
    {
      key: 'underWay',
      head: bots.underWay,
      isNumber: true,
      cell: ({ underWay }) => (underWay === null ? '–' : underWay),
    },
  ];
}

function Roles({ accounts }: Pick<ConnectionAnswer, 'accounts'>) {
  const { bots } = t();
  const more = accounts.length - SHOWN_ACCOUNTS_MAX;
  return (
    <>
      {accounts.slice(0, SHOWN_ACCOUNTS_MAX).map(({ openKfId, role }) => (
        <div key={openKfId}>
          <Chip tone={role === 'active' ? 'good' : 'quiet'} text={bots.roles[role]} />{' '}
          <span class="mono">{openKfId === ALL_OTHERS ? bots.allOthers : openKfId}</span>
        </div>
      ))}
      {more > 0 && <div class="muted">{bots.moreAccounts(more)}</div>}
    </>
  );
}
