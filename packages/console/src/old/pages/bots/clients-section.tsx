import type { BotAnswer, ConnectionAnswer } from '../../api/answers.gen.js';
import { listConnections } from '../../api/connections.js';
import { ALL_OTHERS } from '../../bots/account-ids.js';
import { Chip } from '../../components/chip.js';
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
    <section class="card">
      <h2>{bots.clients}</h2>
      <Loaded of={polled}>
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 && <p class="muted">{bots.noClients}</p>}
            {items.length > 0 && (
              <ul class="notes" aria-label={bots.clientsOf(name)}>
                {items.map((one) => (
                  <Client key={one.id} connection={one} />
                ))}
              </ul>
            )}
            {nextCursor !== null && <p class="muted">{bots.moreClients(items.length)}</p>}
          </>
        )}
      </Loaded>
    </section>
  );
}

function Client({ connection }: { readonly connection: ConnectionAnswer }) {
  const { bots } = t();
  const { clientId, accounts, connectedAt, address, agent, replica, underWay } = connection;
  return (
    <li>
      <strong class="mono">{clientId}</strong>
      <Roles accounts={accounts} />
      <div class="small muted">
        {bots.connected} <TimeAgo at={connectedAt} /> · {bots.from} {address} ·{' '}
        {[agent, replica].filter(Boolean).join(' · ')}
        {underWay !== null && ` · ${bots.underWay}: ${underWay}`}
      </div>
    </li>
  );
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
