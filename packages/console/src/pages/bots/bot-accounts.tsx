import { useAccounts } from '../../api/accounts.js';
import type { AccountAnswer, BotAnswer } from '../../api/answers.gen.js';
import { AccountName } from '../../components/names.js';
import { PagedTable } from '../../components/paged-table.js';
import { AccountStateTag } from '../../components/state-tag.js';
import { Ago } from '../../components/times.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { formatMs, formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** The accounts that it serves, the worst first. */
export function BotAccounts({ bot }: { readonly bot: BotAnswer }) {
  const { bots, common } = t();
  const { id } = bot;
  return (
    <section aria-labelledby="bot-accounts">
      <div className="section-head">
        <h2 id="bot-accounts">{bots.accounts}</h2>
      </div>
      <PagedTable<AccountAnswer>
        caption={bots.accountsOf(bot.name)}
        of={useAccounts({ botId: id })}
        keyOf={({ corpId, openKfId }) => `${corpId} ${openKfId}`}
        skeletonRows={Math.min(bot.openKfIds.length, 6)}
        empty={bots.noAccounts}
        columns={[
          { key: 'name', head: bots.account, cell: (account) => <AccountName {...account} /> },
          { key: 'state', head: bots.state, cell: (account) => <State of={account} /> },
          {
            key: 'message',
            head: bots.lastTaken,
            width: 130,
            from: 'l',
            cell: ({ lastMessageAt }) => <Ago at={lastMessageAt} />,
          },
          {
            key: 'reply',
            head: bots.lastReply,
            width: 130,
            from: 'm',
            cell: ({ lastReplyAt }) => <Ago at={lastReplyAt} />,
          },
          {
            key: 'waiting',
            head: bots.waiting,
            width: 90,
            from: 'm',
            isNumber: true,
            cell: ({ waiting }) =>
              waiting === null ? common.unknown : formatNumber(waiting.events + waiting.messages),
          },
          {
            key: 'p95',
            head: bots.p95,
            width: 90,
            from: 'l',
            isNumber: true,
            cell: ({ lastHour: { p95Ms } }) => (p95Ms === null ? common.none : formatMs(p95Ms)),
          },
        ]}
      />
    </section>
  );
}

function State({ of: { state, causes } }: { readonly of: AccountAnswer }) {
  const [worst] = causes;
  const what = worst === undefined ? null : wordsOfCause(worst).what;
  return (
    <span className="state-line">
      <AccountStateTag state={state} />
      {what !== null && (
        <span className="cut muted" title={what}>
          {what}
        </span>
      )}
    </span>
  );
}
