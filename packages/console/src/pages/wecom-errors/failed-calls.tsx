import { useState } from 'react';
import type { FailedCallAnswer } from '../../api/answers.gen.js';
import { useNames } from '../../api/names.js';
import { useFailedCalls } from '../../api/wecom-errors.js';
import { ChoiceFilter, FilterBar, useFilters } from '../../components/filters.js';
import { HourBars } from '../../components/hour-bars.js';
import { AccountName, BotName, CorpName } from '../../components/names.js';
import { Opener } from '../../components/opener.js';
import { PagedTable } from '../../components/paged-table.js';
import { CallRemedy, Errcode } from '../../components/remedy.js';
import { Ago } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

const NAMES = ['corpId', 'openKfId'] as const;

const keyOf = ({ operation, api, why, corpId, botId, openKfId }: FailedCallAnswer): string =>
  [operation, api, why, corpId, botId, openKfId].join(' ');

/** Calls that failed, by API, corp, bot and account, with a bar for each hour. */
export function FailedCalls() {
  const { common, wecomErrors } = t();
  const filters = useFilters(...NAMES);
  const { values, set } = filters;
  const paged = useFailedCalls(values);
  const [opened, setOpened] = useState<string | null>(null);
  const names = useNames();
  const botNames = new Map(names.bots.map(({ id, name }) => [id, name]));
  const corps = [...names.corps].map(([corpId, name]) => [corpId, name || corpId] as const);
  const shown = paged.of.data?.items ?? [];
  const accountOf = ({ corpId, openKfId, name }: FailedCallAnswer) =>
    corpId === null || openKfId === null
      ? null
      : { corpId, openKfId, name: names.accountNameOf({ corpId, openKfId, name }) };
  return (
    <section aria-labelledby="calls">
      <div className="section-head">
        <h2 id="calls">{wecomErrors.calls}</h2>
        <FilterBar filters={filters} names={NAMES}>
          <ChoiceFilter
            label={wecomErrors.corp}
            value={values.corpId}
            options={choices(values.corpId, [
              ...corps,
              ...shown.map(({ corpId }) => [corpId, corpId] as const),
            ])}
            onChange={(corpId) => set({ corpId })}
          />
          <ChoiceFilter
            label={wecomErrors.account}
            value={values.openKfId}
            options={choices(
              values.openKfId,
              shown.map((call) => [call.openKfId, accountOf(call)?.name ?? call.openKfId]),
            )}
            onChange={(openKfId) => set({ openKfId })}
          />
        </FilterBar>
      </div>
      <PagedTable<FailedCallAnswer>
        of={paged}
        caption={wecomErrors.calls}
        keyOf={keyOf}
        empty={wecomErrors.noCalls}
        columns={[
          {
            key: 'api',
            head: wecomErrors.api,
            cell: (row) => (
              <Opener
                text={row.api || row.operation}
                isOpen={opened === keyOf(row)}
                onToggle={() => setOpened(opened === keyOf(row) ? null : keyOf(row))}
              />
            ),
          },
          { key: 'why', head: wecomErrors.code, width: 104, cell: ({ why }) => <Errcode why={why} /> },
          {
            key: 'corp',
            head: wecomErrors.corp,
            width: 176,
            from: 'l',
            cell: ({ corpId }) =>
              corpId === null ? common.unknown : <CorpName corpId={corpId} name={names.corpNameOf(corpId)} />,
          },
          {
            key: 'account',
            head: wecomErrors.account,
            width: 176,
            from: 'm',
            cell: (row) => {
              const account = accountOf(row);
              return account === null ? common.none : <AccountName {...account} />;
            },
          },
          {
            key: 'bot',
            head: wecomErrors.bot,
            width: 160,
            from: 'm',
            cell: ({ botId }) =>
              botId === null ? common.none : <BotName id={botId} name={botNames.get(botId) ?? botId} />,
          },
          {
            key: 'hours',
            head: wecomErrors.hours,
            width: 128,
            from: 'l',
            cell: ({ hours }) => <HourBars label={wecomErrors.perHour(hours.join(', '))} counts={hours} />,
          },
          {
            key: 'count',
            head: wecomErrors.count,
            width: 72,
            isNumber: true,
            cell: ({ count }) => formatNumber(count),
          },
          {
            key: 'last',
            head: wecomErrors.last,
            width: 124,
            from: 'xl',
            cell: ({ lastAt }) => <Ago at={lastAt} />,
          },
        ]}
        detail={(row) =>
          opened === keyOf(row) ? (
            <div className="remedy">
              <p>
                <CallRemedy why={row.why} />
              </p>
            </div>
          ) : null
        }
      />
    </section>
  );
}

/** Each id once, by the first name that it has here; with the one that is chosen. */
function choices(chosen: string, named: readonly (readonly [id: string | null, name: string | null])[]) {
  const names = new Map<string, string>();
  for (const [id, name] of [...named, [chosen, chosen] as const])
    if (id !== null && id !== '' && !names.has(id)) names.set(id, name ?? id);
  return [...names].map(([value, label]) => ({ value, label }));
}
