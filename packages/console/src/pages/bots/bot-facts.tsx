import type { BotAnswer } from '../../api/answers.gen.js';
import { useCorpNames } from '../../api/names.js';
import { CopyButton } from '../../components/copy.js';
import { LastHourWords } from '../../components/last-hour-words.js';
import { CorpName } from '../../components/names.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';
import { kindOf } from './bots-page.js';

/** What it is, and how it goes. */
export function BotFacts({ bot }: { readonly bot: BotAnswer }) {
  const { bots, common } = t();
  const { id, corpId, kind, api, callback, takes, lastTakenAt } = bot;
  const names = useCorpNames();
  return (
    <section className="card" aria-labelledby="bot-facts">
      <h2 id="bot-facts">{bots.facts}</h2>
      <dl className="facts">
        <dt>{bots.kind}</dt>
        <dd>{kindOf(bot)}</dd>
        <dt>{bots.app}</dt>
        <dd>
          <CorpName corpId={corpId} name={names.get(corpId) ?? null} />
        </dd>
        <dt>{bots.id}</dt>
        <dd className="mono">
          {id} <CopyButton value={id} what={common.botId} />
        </dd>
        {kind !== 'none' && (
          <>
            <dt>{bots.given}</dt>
            <dd>
              {bots.takes[takes]} <Order bot={bot} />
            </dd>
            <dt>{bots.lastTaken}</dt>
            <dd>{lastTakenAt === null ? bots.notTaken : <Ago at={lastTakenAt} />}</dd>
            <dt>{bots.lastHour}</dt>
            <dd>
              <LastHourWords of={bot.lastHour} />
            </dd>
          </>
        )}
        {callback !== null && (
          <>
            <dt>{bots.calls}</dt>
            <dd>{bots.apis[api]}</dd>
          </>
        )}
        {callback !== null && callback.headers.length > 0 && (
          <>
            <dt>{bots.headers}</dt>
            <dd className="mono">{callback.headers.join(', ')}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Order({ bot: { order, include, since } }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  if (order === null) return null;
  return (
    <div className="muted">
      {bots.orders[order]}
      {include.includes('servicer') && <div>{bots.withServicers}</div>}
      {since !== null && (
        <div>
          {bots.since} <Ago at={since} />
        </div>
      )}
    </div>
  );
}
