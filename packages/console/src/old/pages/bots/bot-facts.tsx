import type { BotAnswer } from '../../api/answers.gen.js';
import { ALL_OTHERS } from '../../bots/account-ids.js';
import { Chip } from '../../components/chip.js';
import { FailureWords } from '../../components/failure-words.js';
import { LastHourWords } from '../../components/last-hour-words.js';
import { TimeAgo } from '../../components/time-ago.js';
import { t } from '../../i18n/language.js';

const SHOWN_ACCOUNTS_MAX = 5;

export function BotFacts({ bot }: { readonly bot: BotAnswer }) {
  const { accounts, bots } = t();
  const { kind, api, corpId, callback, circuit, fault, lastTakenAt, lastFailure } = bot;
  return (
    <dl class="facts">
      {fault !== null && (
        <>
          <dt>{bots.fault}</dt>
          <dd>{fault}</dd>
        </>
      )}
      <dt>{bots.kind}</dt>
      <dd>{bots.kinds[kind]}</dd>
      <dt>{bots.corpId}</dt>
      <dd class="mono">{corpId}</dd>
      <dt>{bots.accounts}</dt>
      <dd>
        <Accounts openKfIds={bot.openKfIds} />
      </dd>
      {kind !== 'none' && (
        <>
          <dt>{bots.given}</dt>
          <dd>
            <Given bot={bot} />
          </dd>
          <dt>{bots.address}</dt>
          <dd class={kind === 'callback' ? 'mono' : ''}>
            {kind === 'stream' ? bots.connectsItself : (callback?.url ?? bots.registersItself)}
          </dd>
        </>
      )}
      {callback !== null && callback.headers.length > 0 && (
        <>
          <dt>{bots.headers}</dt>
          <dd class="mono">{callback.headers.join(', ')}</dd>
        </>
      )}
      {callback !== null && (
        <>
          <dt>{bots.calls}</dt>
          <dd>{bots.apis[api]}</dd>
          <dt>{accounts.circuit}</dt>
          <dd>
            {circuit === 'open' ? (
              <Chip tone="wait" text={accounts.circuits.open} />
            ) : (
              accounts.circuits.closed
            )}
          </dd>
        </>
      )}
      {kind !== 'none' && (
        <>
          <dt>{bots.lastTaken}</dt>
          <dd>{lastTakenAt === null ? bots.notTaken : <TimeAgo at={lastTakenAt} />}</dd>
          <dt>{accounts.lastHour}</dt>
          <dd>
            <LastHourWords of={bot.lastHour} />
          </dd>
          <dt>{accounts.lastFailure}</dt>
          <dd>
            {lastFailure === null ? (
              accounts.noFailure
            ) : (
              <details>
                <summary>
                  <TimeAgo at={lastFailure.at} />
                </summary>
                <FailureWords failure={lastFailure} />
              </details>
            )}
          </dd>
        </>
      )}
    </dl>
  );
}

function Given({ bot: { takes, order, include, since } }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  if (order === null) return <>{bots.takes[takes]}</>;
  return (
    <>
      {bots.takes[takes]}
      <div class="muted">{bots.orders[order]}</div>
      {include.includes('servicer') && <div class="muted">{bots.withServicers}</div>}
      {since !== null && (
        <div class="muted">
          {bots.since} <TimeAgo at={since} />
        </div>
      )}
    </>
  );
}

function Accounts({ openKfIds }: { readonly openKfIds: readonly string[] }) {
  const { bots } = t();
  if (openKfIds.includes(ALL_OTHERS)) return <>{bots.allOthers}</>;
  const more = openKfIds.length - SHOWN_ACCOUNTS_MAX;
  return (
    <>
      {openKfIds.slice(0, SHOWN_ACCOUNTS_MAX).map((openKfId) => (
        <div key={openKfId} class="mono">
          {openKfId}
        </div>
      ))}
      {more > 0 && <div class="muted">{bots.moreAccounts(more)}</div>}
    </>
  );
}
