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
  const { servedBy, botId, botName, address, circuit, state, corpId, openKfId, sessions } = account;
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
      {sessions !== null && (
        <dl className="facts" aria-label={accounts.customers}>
          <dt>{accounts.inPool}</dt>
          <dd>
            {formatNumber(sessions.pool)}
            {sessions.poolSince !== null && (
              <>
                {' · '}
                {accounts.longestWait} <Lasting since={sessions.poolSince} />
              </>
            )}
          </dd>
          <dt>{accounts.withPeople}</dt>
          <dd>{formatNumber(sessions.people)}</dd>
          <dt>{accounts.withBot}</dt>
          <dd>{formatNumber(sessions.bot)}</dd>
        </dl>
      )}
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
