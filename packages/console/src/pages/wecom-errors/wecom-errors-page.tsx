import { Skeleton } from 'antd';
import { useState } from 'react';
import type { SeenWecomErrorAnswer } from '../../api/answers.gen.js';
import { useWecomErrors } from '../../api/wecom-errors.js';
import { Loaded } from '../../components/loaded.js';
import { Nothing } from '../../components/nothing.js';
import { Opener } from '../../components/opener.js';
import { Page } from '../../components/page.js';
import { Errcode } from '../../components/remedy.js';
import { Table } from '../../components/table.js';
import { Ago } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { FailedCalls } from './failed-calls.js';

/** What WeCom refuses, and what to do about it. */
export default function WecomErrorsPage() {
  const { wecomErrors } = t();
  return (
    <Page title={wecomErrors.title}>
      <p className="muted">{wecomErrors.intro}</p>
      <Loaded of={useWecomErrors()} skeleton={<Skeleton active paragraph={{ rows: 5 }} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title={wecomErrors.nothing} text={wecomErrors.nothingText} />
          ) : (
            <ErrorTable rows={items} />
          )
        }
      </Loaded>
      <FailedCalls />
    </Page>
  );
}

const keyOf = ({ operation, errcode }: SeenWecomErrorAnswer): string => `${operation} ${errcode}`;

/** What to do opens on a click. */
function ErrorTable({ rows }: { readonly rows: readonly SeenWecomErrorAnswer[] }) {
  const { wecomErrors, errcodes } = t();
  const [opened, setOpened] = useState<string | null>(null);
  const toggle = (row: SeenWecomErrorAnswer): void => setOpened(opened === keyOf(row) ? null : keyOf(row));
  return (
    <Table<SeenWecomErrorAnswer>
      caption={wecomErrors.table}
      rows={rows}
      keyOf={keyOf}
      columns={[
        {
          key: 'what',
          head: wecomErrors.what,
          cell: (row) => (
            <Opener
              text={errcodes[row.errcode]?.what ?? wecomErrors.unknown}
              isOpen={opened === keyOf(row)}
              onToggle={() => toggle(row)}
            />
          ),
        },
        { key: 'code', head: wecomErrors.code, width: 88, cell: ({ errcode }) => <Errcode why={errcode} /> },
        {
          key: 'operation',
          head: wecomErrors.operation,
          width: 240,
          from: 'l',
          cell: ({ operation }) => wecomErrors.operations[operation],
        },
        {
          key: 'count',
          head: wecomErrors.count,
          width: 80,
          from: 'm',
          isNumber: true,
          cell: ({ count }) => formatNumber(count),
        },
        {
          key: 'last',
          head: wecomErrors.last,
          width: 132,
          from: 'm',
          cell: ({ lastAt }) => <Ago at={lastAt} />,
        },
      ]}
      detail={(row) => (opened === keyOf(row) ? <p className="remedy">{remedyOf(row.errcode)}</p> : null)}
    />
  );
}

function remedyOf(errcode: string): string {
  const { wecomErrors, errcodes } = t();
  return (
    errcodes[errcode]?.remedy ?? (errcode === 'other' ? wecomErrors.otherRemedy : wecomErrors.unknownRemedy)
  );
}
