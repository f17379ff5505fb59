import type { AccountAnswer } from '../../api/answers.gen.js';
import { useKnownBots } from '../../api/bots.js';
import { LinkButton } from '../../components/link-button.js';
import { BotName } from '../../components/names.js';
import { StateTag } from '../../components/state-tag.js';
import { Lasting } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';

/** Who gets what customers write, and where that is. */
export function Server({ account }: { readonly account: AccountAnswer }) {
  const { accounts } = t();
  const { servedBy, botId, botName, address, circuit, state, corpId, openKfId } = account;
  const isStream = useKnownBots().data?.items.some(({ id, kind }) => id === botId && kind === 'stream');
  return (
    <section className="card">
      <h2>{accounts.servedBy}</h2>
      <p>
        {botId === null ? (
          <strong>{accounts.servers[servedBy]}</strong>
        ) : (
          <BotName id={botId} name={botName ?? botId} />
        )}{' '}
        {state === 'paused' && <StateTag tone="wait" text={accounts.pausedBot} />}
      </p>
      <p className="muted">{accounts.serverText[isStream ? 'stream' : servedBy]}</p>
      {address !== null && (
        <dl className="facts">
          <dt>{accounts.address}</dt>
          <dd className="mono small">{address}</dd>
          <dt>{accounts.circuit}</dt>
          <dd>
            <StateTag
              tone={circuit === 'open' ? 'wait' : 'good'}
              text={accounts.circuits[circuit]}
              title={accounts.circuitText[circuit]}
            />
          </dd>
        </dl>
      )}
      <Customers account={account} />
      {servedBy === 'nobody' && (
        <div className="actions">
          <LinkButton type="primary" href={pathOf.addBotFor(corpId, openKfId)}>
            {accounts.giveBot}
          </LinkButton>
        </div>
      )}
    </section>
  );
}

/** How many customers wait, and with whom they are. */
function Customers({ account: { servedBy, sessions, unanswered } }: { readonly account: AccountAnswer }) {
  const { accounts } = t();
  if (servedBy !== 'bot' && servedBy !== 'puppet') return null;
  return (
    <dl className="facts" aria-label={accounts.customers}>
      <dt>{accounts.unanswered}</dt>
      <dd>
        {unanswered === null ? (
          accounts.unansweredUnknown
        ) : (
          <Waiting count={unanswered.customers} since={unanswered.since} />
        )}
      </dd>
      {sessions !== null && (
        <>
          <dt>{accounts.unmet}</dt>
          <dd>
            <Waiting count={sessions.unmet} since={sessions.unmetSince} />
          </dd>
          <dt>{accounts.inPool}</dt>
          <dd>{formatNumber(sessions.pool)}</dd>
          <dt>{accounts.withPeople}</dt>
          <dd>{formatNumber(sessions.people)}</dd>
          <dt>{accounts.withBot}</dt>
          <dd>{formatNumber(sessions.bot)}</dd>
        </>
      )}
    </dl>
  );
}

function Waiting({ count, since }: { readonly count: number; readonly since: string | null }) {
  return (
    <>
      {formatNumber(count)}
      {since !== null && (
        <>
          {' · '}
          {t().accounts.longestWait} <Lasting since={since} />
        </>
      )}
    </>
  );
}
