import { Button, Segmented } from 'antd';
import { useAccounts } from '../../api/accounts.js';
import { useKnownBots } from '../../api/bots.js';
import { useCorpNames } from '../../api/names.js';
import { ACCOUNT_STATES } from '../../../../../src/insight/accounts/account-states.js';
import type { AccountStatesAnswer } from '../../api/answers.gen.js';
import { ChoiceFilter, FilterBar, type Filters, SearchFilter, useFilters } from '../../components/filters.js';
import { LinkButton } from '../../components/link-button.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { PagedTable } from '../../components/paged-table.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { accountColumns } from './account-columns.js';
import { UnknownAccounts } from './unknown-accounts.js';

const CHOICES = ['corpId', 'botId', 'servedBy'] as const;
const NAMES = ['q', ...CHOICES, 'state', 'sort'] as const;
const SERVERS = ['bot', 'puppet', 'people', 'nobody'] as const;

type AccountFilters = Filters<(typeof NAMES)[number]>;

/** Every account of every app, the worst first. */
export default function AccountsPage() {
  const { accounts } = t();
  const filters = useFilters(...NAMES);
  const { values, set } = filters;
  const paged = useAccounts(values);
  const isFiltered = NAMES.some((name) => name !== 'sort' && values[name] !== '');
  return (
    <Page
      title={accounts.title}
      actions={
        <LinkButton type="primary" href={pathOf.addBot}>
          {accounts.addBot}
        </LinkButton>
      }
    >
      <AccountFilterBar filters={filters} />
      <StateFilter counts={paged.of.data?.counts} value={values.state} onChange={(state) => set({ state })} />
      <PagedTable
        of={paged}
        caption={accounts.table}
        columns={accountColumns()}
        keyOf={({ corpId, openKfId }) => `${corpId}/${openKfId}`}
        skeletonRows={10}
        sort={{ by: values.sort, onSort: (sort) => set({ sort }) }}
        empty={isFiltered ? <NoMatch onClear={() => set(NOTHING)} /> : <NoAccounts />}
      />
      <UnknownAccounts />
    </Page>
  );
}

const NOTHING = { q: '', corpId: '', botId: '', servedBy: '', state: '' };

function AccountFilterBar({ filters }: { readonly filters: AccountFilters }) {
  const { accounts } = t();
  const { values, set } = filters;
  const bots = useKnownBots().data?.items ?? [];
  const corps = new Map([...useCorpNames()].map(([corpId, name]) => [corpId, name || corpId]));
  for (const { corpId } of bots) if (!corps.has(corpId)) corps.set(corpId, corpId);
  if (values.corpId !== '' && !corps.has(values.corpId)) corps.set(values.corpId, values.corpId);
  return (
    <FilterBar filters={filters} names={[...CHOICES, 'state']}>
      <SearchFilter value={values.q} placeholder={accounts.search} onChange={(q) => set({ q }, true)} />
      <ChoiceFilter
        label={accounts.app}
        value={values.corpId}
        options={[...corps].map(([value, label]) => ({ value, label }))}
        onChange={(corpId) => set({ corpId })}
      />
      <ChoiceFilter
        label={accounts.bot}
        value={values.botId}
        options={bots.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(botId) => set({ botId })}
      />
      <ChoiceFilter
        label={accounts.servedBy}
        value={values.servedBy}
        options={SERVERS.map((value) => ({ value, label: accounts.servers[value] }))}
        onChange={(servedBy) => set({ servedBy })}
      />
    </FilterBar>
  );
}

interface StateFilterProps {
  /** Of all that match the other filters; `undefined` while they are loaded. */
  readonly counts: AccountStatesAnswer | undefined;
  readonly value: string;
  readonly onChange: (state: string) => void;
}

/** States that some account is in, with how many. */
function StateFilter({ counts, value, onChange }: StateFilterProps) {
  const { accounts, common, states } = t();
  const countOf = (state: keyof AccountStatesAnswer) => counts?.[state] ?? 0;
  const shown = ACCOUNT_STATES.filter((state) => countOf(state) > 0 || state === value);
  const all = ACCOUNT_STATES.reduce((sum, state) => sum + countOf(state), 0);
  const label = (text: string, count: number) =>
    counts === undefined ? text : `${text} ${formatNumber(count)}`;
  return (
    <div className="scrolling">
      <Segmented
        aria-label={accounts.states}
        value={value}
        options={[
          { value: '', label: label(common.all, all) },
          ...shown.map((state) => ({ value: state, label: label(states.account[state], countOf(state)) })),
        ]}
        onChange={onChange}
      />
    </div>
  );
}

function NoMatch({ onClear }: { readonly onClear: () => void }) {
  const { accounts, common } = t();
  return (
    <Nothing title={accounts.noMatch} text={accounts.noMatchText}>
      <Button onClick={onClear}>{common.clearFilters}</Button>
    </Nothing>
  );
}

function NoAccounts() {
  const { accounts, causes } = t();
  return (
    <Nothing title={accounts.nothing} text={accounts.nothingText}>
      <LinkButton href={pathOf.connectApp}>{causes.connectApp}</LinkButton>
    </Nothing>
  );
}
