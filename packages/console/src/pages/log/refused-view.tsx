import { Empty } from 'antd';
import { useState } from 'react';
import { Link } from 'wouter';
import type { RefusedCallbackAnswer } from '../../api/answers.gen.js';
import { useRefusedCallbacks } from '../../api/refused-callbacks.js';
import type { useNames } from '../../api/names.js';
import { toQuery } from '../../api/to-query.js';
import { AppFilter } from '../../components/app-filter.js';
import { FilterBar, useFilters } from '../../components/filters.js';
import { Loaded } from '../../components/loaded.js';
import { CorpName } from '../../components/names.js';
import { Opener } from '../../components/opener.js';
import { Table } from '../../components/table.js';
import { Ago } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';
import { titleOfRefusal } from './record-words.js';
import { refusalOf } from './refusal.js';

type Names = ReturnType<typeof useNames>;

/** Refused callbacks of the last day by corp, reason and address. What to do opens on a click. */
export function RefusedView({ names }: { readonly names: Names }) {
  const { log, refusals } = t();
  const filters = useFilters('corpId');
  const { corpId } = filters.values;
  return (
    <>
      <FilterBar filters={filters} names={['corpId']}>
        <AppFilter value={corpId} onChange={(chosen) => filters.set({ corpId: chosen })} />
      </FilterBar>
      <p className="muted small">{refusals.intro}</p>
      <Loaded
        of={useRefusedCallbacks(corpId === '' ? {} : { corpId })}
        skeleton={<RefusedTable names={names} rows={undefined} />}
      >
        {({ items, isWhole, days }) => (
          <>
            {!isWhole && <p className="muted small">{refusals.notWhole}</p>}
            {items.length > 0 && <RefusedTable names={names} rows={items} />}
            {items.length === 0 && (
              <Empty
                image={Empty.PRESENTED_IMAGE_SIMPLE}
                description={days === 0 ? log.off : `${refusals.nothing}. ${refusals.nothingText}`}
              />
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

interface RefusedTableProps {
  readonly names: Names;
  readonly rows: readonly RefusedCallbackAnswer[] | undefined;
}

const keyOf = ({ corpId, reason, source }: RefusedCallbackAnswer) => `${corpId} ${reason} ${source}`;

function RefusedTable({ names, rows }: RefusedTableProps) {
  const { refusals } = t();
  const [opened, setOpened] = useState<string | null>(null);
  const toggle = (row: RefusedCallbackAnswer): void => setOpened(opened === keyOf(row) ? null : keyOf(row));
  return (
    <Table
      caption={refusals.table}
      rows={rows}
      isDense
      keyOf={keyOf}
      onOpen={toggle}
      columns={[
        {
          key: 'why',
          head: refusals.why,
          cell: (row) => (
            <Opener text={titleOfRefusal(row)} isOpen={opened === keyOf(row)} onToggle={() => toggle(row)} />
          ),
        },
        {
          key: 'corp',
          head: t().outbox.app,
          cell: ({ corpId }) =>
            corpId === null ? (
              <span className="muted">{refusals.noCorp}</span>
            ) : (
              <CorpName corpId={corpId} name={names.corpNameOf(corpId)} />
            ),
        },
        { key: 'remedy', head: refusals.remedy, from: 'xl', cell: (row) => refusalOf(row).remedy },
        {
          key: 'address',
          head: refusals.address,
          width: 180,
          from: 'l',
          cell: ({ source }) => source ?? t().common.unknown,
        },
        {
          key: 'count',
          head: refusals.count,
          width: 84,
          from: 'm',
          isNumber: true,
          cell: ({ count }) => formatNumber(count),
        },
        {
          key: 'last',
          head: refusals.last,
          width: 116,
          from: 'm',
          cell: ({ lastAt }) => <Ago at={lastAt} />,
        },
      ]}
      detail={(row) => (opened === keyOf(row) ? <Remedy of={row} /> : null)}
    />
  );
}

function Remedy({ of: row }: { readonly of: RefusedCallbackAnswer }) {
  const { refusals } = t();
  const { corpId, reason, source, count } = row;
  return (
    <div className="remedy">
      <p>{refusalOf(row).remedy}</p>
      <p className="small muted">
        {[reason, source, refusals.times(count)].filter((text) => text !== null).join(' · ')}
      </p>
      {corpId !== null && (
        <p>
          <Link href={`${PAGES.log}${toQuery({ outcome: 'refused', corpId })}`}>{refusals.toRecords}</Link>
        </p>
      )}
    </div>
  );
}
