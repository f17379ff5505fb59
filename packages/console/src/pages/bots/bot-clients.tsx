import { Skeleton } from 'antd';
import type { ConnectionAnswer, BotAnswer } from '../../api/answers.gen.js';
import { useConnections } from '../../api/connections.js';
import { Loaded } from '../../components/loaded.js';
import { StateTag } from '../../components/state-tag.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';
import { ALL_OTHERS } from './account-ids.js';

const SHOWN_ACCOUNTS_MAX = 3;

/** Whoever has a stream of the bot open, at any replica. */
export function BotClients({ bot: { id, name } }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  return (
    <section className="card" aria-labelledby="bot-clients">
      <h2 id="bot-clients">{bots.clients}</h2>
      <Loaded of={useConnections(id)} skeleton={<Skeleton active title={false} paragraph={{ rows: 2 }} />}>
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 && <p className="muted">{bots.noClients}</p>}
            <ul className="plain" aria-label={bots.clientsOf(name)}>
              {items.map((one) => (
                <Client key={one.id} connection={one} />
              ))}
            </ul>
            {nextCursor !== null && <p className="muted">{bots.moreClients(items.length)}</p>}
          </>
        )}
      </Loaded>
    </section>
  );
}

function Client({ connection }: { readonly connection: ConnectionAnswer }) {
  const { bots } = t();
  const { clientId, accounts, connectedAt, address, agent, replica, underWay } = connection;
  const more = accounts.length - SHOWN_ACCOUNTS_MAX;
  return (
    <li>
      <strong className="mono">{clientId}</strong>
      {accounts.slice(0, SHOWN_ACCOUNTS_MAX).map(({ openKfId, role }) => (
        <div key={openKfId}>
          <StateTag tone={role === 'active' ? 'good' : 'quiet'} text={bots.roles[role]} />{' '}
          <span className="mono">{openKfId === ALL_OTHERS ? bots.allOthers : openKfId}</span>
        </div>
      ))}
      {more > 0 && <div className="muted">{bots.moreAccounts(more)}</div>}
      <div className="small muted">
        {bots.connected} <Ago at={connectedAt} /> · {bots.from} {address} ·{' '}
        {[agent, replica].filter(Boolean).join(' · ')}
        {underWay !== null && ` · ${bots.underWay}${t().common.colon}${underWay}`}
      </div>
    </li>
  );
}
