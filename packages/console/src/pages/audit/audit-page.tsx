import { useMemo, useState } from 'react';
import type { AuditEntryAnswer, AccountPageAnswer } from '../../api/answers.gen.js';
import { useAnswer } from '../../api/answers.js';
import { useAudit } from '../../api/audit.js';
import { useKnownApps } from '../../api/apps.js';
import { useKnownBots } from '../../api/bots.js';
import { useOperators } from '../../api/operators.js';
import { CopyButton } from '../../components/copy.js';
import { ChoiceFilter, FilterBar, useFilters } from '../../components/filters.js';
import { Nothing } from '../../components/nothing.js';
import { Opener } from '../../components/opener.js';
import { Page } from '../../components/page.js';
import { PagedTable } from '../../components/paged-table.js';
import { StateTag } from '../../components/state-tag.js';
import { formatDateTime, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { SHARED_SECRET } from '../../session/session.js';
import { nameOfOperator, sentenceOf } from './audit-sentence.js';

const NAMES = ['operator', 'within'] as const;
const HOUR_MS = 3_600_000;
const RANGES = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS, '30d': 30 * 24 * HOUR_MS };
type Range = keyof typeof RANGES;

/** What operators did, on whichever replica. */
export default function AuditPage() {
  const { audit } = t();
  const filters = useFilters(...NAMES);
  const { operator, within } = filters.values;
  // Another time at each look would be another question each time.
  const since = useMemo(() => sinceOf(within), [within]);
  const paged = useAudit({ operator, since });
  const [opened, setOpened] = useState<string | null>(null);
  const nameOf = useNames();
  const isFiltered = operator !== '' || within !== '';
  return (
    <Page title={audit.title}>
      <FilterBar filters={filters} names={NAMES}>
        <ChoiceFilter
          label={audit.operator}
          value={operator}
          options={useOperatorChoices(operator, paged.of.data?.items ?? [])}
          onChange={(value) => filters.set({ operator: value })}
        />
        <ChoiceFilter
          label={audit.within}
          value={within}
          options={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: audit.ranges[value] }))}
          onChange={(value) => filters.set({ within: value })}
        />
        <span className="small muted">{audit.kept}</span>
      </FilterBar>
      <PagedTable<AuditEntryAnswer>
        of={paged}
        caption={audit.table}
        keyOf={({ id }) => id}
        skeletonRows={10}
        empty={
          isFiltered ? <p>{audit.noMatch}</p> : <Nothing title={audit.nothing} text={audit.nothingText} />
        }
        columns={[
          {
            key: 'when',
            head: audit.when,
            width: 124,
            title: ({ at }) => formatDateTime(at),
            cell: ({ at }) => <time dateTime={at}>{formatSince(at)}</time>,
          },
          {
            key: 'what',
            head: audit.what,
            cell: (entry) => (
              <Opener
                text={sentenceOf(entry, t(), nameOf)}
                isOpen={opened === entry.id}
                onToggle={() => setOpened(opened === entry.id ? null : entry.id)}
              />
            ),
          },
          { key: 'from', head: audit.address, width: 148, from: 'l', cell: ({ from }) => from },
          {
            key: 'answer',
            head: audit.answer,
            width: 120,
            from: 'm',
            cell: ({ status }) => <Result status={status} />,
          },
        ]}
        detail={(entry) => (opened === entry.id ? <Detail of={entry} /> : null)}
      />
    </Page>
  );
}

function Result({ status }: { readonly status: number | null }) {
  const { audit } = t();
  if (status === null) return <StateTag tone="quiet" text={audit.hungUp} />;
  if (status < 400) return <span className="muted">{audit.worked}</span>;
  return (
    <StateTag tone="bad" text={status === 403 ? audit.refused : audit.failed} title={`HTTP ${status}`} />
  );
}

/** The call itself, for whoever looks it up in the log of the process. */
function Detail({ of: { at, method, path, status, from, requestId } }: { readonly of: AuditEntryAnswer }) {
  const { audit } = t();
  return (
    <dl className="facts">
      <dt>{audit.when}</dt>
      <dd>{formatDateTime(at)}</dd>
      <dt>{audit.call}</dt>
      <dd className="mono">
        {method} {path} {status ?? audit.hungUp}
      </dd>
      <dt>{audit.address}</dt>
      <dd className="mono">{from}</dd>
      <dt>{audit.requestId}</dt>
      <dd>
        <span className="name">
          <span className="mono">{requestId}</span>
          <CopyButton value={requestId} what={audit.requestId} />
        </span>
      </dd>
    </dl>
  );
}

/** Named operators, and whoever else has done something on this page: people of an OpenID provider are in no list. */
function useOperatorChoices(chosen: string, entries: readonly AuditEntryAnswer[]) {
  const { audit } = t();
  const named = useOperators().data?.items ?? [];
  const seen = entries.flatMap(({ operator }) => operator ?? []);
  const names = new Set([...named.map(({ name }) => name), SHARED_SECRET, ...seen]);
  if (chosen !== '') names.add(chosen);
  return [...names].map((value) => ({ value, label: nameOfOperator(value, audit) }));
}

const NAMED_MAX = 200;

/** Names of apps, bots and accounts by their ids, as far as the first pages of them go. */
function useNames(): (id: string) => string | undefined {
  const apps = useKnownApps().data?.items;
  const bots = useKnownBots().data?.items;
  const accounts = useAnswer<AccountPageAnswer>('/api/v1/accounts', {
    query: { limit: NAMED_MAX },
    everyMs: false,
  }).data?.items;
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const { id, name } of [...(apps ?? []), ...(bots ?? [])]) if (name !== '') names.set(id, name);
    for (const { openKfId, name } of accounts ?? []) if (name) names.set(openKfId, name);
    return (id) => names.get(id);
  }, [apps, bots, accounts]);
}

function sinceOf(within: string): string {
  if (!Object.hasOwn(RANGES, within)) return '';
  return new Date(Date.now() - RANGES[within as Range]).toISOString();
}
