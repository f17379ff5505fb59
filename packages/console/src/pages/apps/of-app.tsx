/** Who answers in an app: the bots of its corp, and the corp's accounts. */
import { Skeleton } from 'antd';
import { useAccounts } from '../../api/accounts.js';
import { useKnownBots } from '../../api/bots.js';
import type { AccountAnswer, BotAnswer } from '../../api/answers.gen.js';
import { LinkButton } from '../../components/link-button.js';
import { Loaded } from '../../components/loaded.js';
import { AccountName, BotName } from '../../components/names.js';
import { Nothing } from '../../components/nothing.js';
import { PagedTable } from '../../components/paged-table.js';
import { AccountStateTag } from '../../components/state-tag.js';
import { Table } from '../../components/table.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';

export function BotsOfApp({ corpId }: { readonly corpId: string }) {
  const { apps, bots } = t();
  return (
    <section aria-labelledby="bots">
      <div className="section-head">
        <h2 id="bots">{apps.bots}</h2>
      </div>
      <Loaded of={useKnownBots()} skeleton={<Skeleton active title={false} paragraph={{ rows: 1 }} />}>
        {({ items }) => {
          const ofCorp = items.filter((bot) => bot.corpId === corpId);
          if (ofCorp.length === 0)
            return (
              <Nothing title={apps.noBots} text={apps.noBotsText}>
                <LinkButton href={pathOf.addBotOf(corpId)}>{apps.addBot}</LinkButton>
              </Nothing>
            );
          return (
            <Table<BotAnswer>
              caption={apps.bots}
              rows={ofCorp}
              keyOf={({ id }) => id}
              columns={[
                { key: 'name', head: apps.name, cell: ({ id, name }) => <BotName id={id} name={name} /> },
                { key: 'kind', head: apps.kind, width: 240, from: 'm', cell: ({ kind }) => bots.kinds[kind] },
              ]}
            />
          );
        }}
      </Loaded>
    </section>
  );
}

export function AccountsOfApp({ corpId }: { readonly corpId: string }) {
  const { apps, common } = t();
  return (
    <section aria-labelledby="accounts">
      <div className="section-head">
        <h2 id="accounts">{apps.accounts}</h2>
      </div>
      <PagedTable<AccountAnswer>
        of={useAccounts({ corpId })}
        caption={apps.accounts}
        keyOf={({ openKfId }) => openKfId}
        skeletonRows={3}
        empty={<Nothing title={apps.noAccounts} text={apps.noAccountsText} />}
        columns={[
          { key: 'name', head: apps.name, cell: (account) => <AccountName {...account} /> },
          {
            key: 'state',
            head: apps.state,
            width: 148,
            cell: ({ state }) => <AccountStateTag state={state} />,
          },
          {
            key: 'bot',
            head: apps.bot,
            width: 220,
            from: 'm',
            cell: ({ botId, botName, address }) =>
              botId !== null && botName !== null ? (
                <BotName id={botId} name={botName} />
              ) : (
                (address ?? common.none)
              ),
          },
          {
            key: 'last',
            head: apps.lastTaken,
            width: 148,
            from: 'l',
            cell: ({ lastMessageAt }) => <Ago at={lastMessageAt} />,
          },
        ]}
      />
    </section>
  );
}
