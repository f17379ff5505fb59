import type { SeenWecomErrorAnswer } from '../../api/answers.gen.js';
import { DataTable } from '../../components/data-table.js';
import { Errcode } from '../../components/errcode.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

export function ErrorTable({ rows }: { readonly rows: readonly SeenWecomErrorAnswer[] }) {
  const { wecomErrors, errcodes } = t();
  return (
    <DataTable
      caption={wecomErrors.table}
      rows={rows}
      keyOf={({ operation, errcode }) => `${operation} ${errcode}`}
      columns={[
        {
          key: 'code',
          head: wecomErrors.code,
          cell: ({ errcode }) => <Errcode why={errcode} />,
        },
        {
          key: 'what',
          head: wecomErrors.what,
          cell: ({ errcode, operation }) => (
            <>
              <strong>{errcodes[errcode]?.what ?? wecomErrors.unknown}</strong>
              <div class="small muted">{wecomErrors.operations[operation]}</div>
            </>
          ),
        },
        { key: 'remedy', head: wecomErrors.remedy, cell: ({ errcode }) => <Remedy errcode={errcode} /> },
        {
          key: 'count',
          head: wecomErrors.count,
          isNumber: true,
          cell: ({ count }) => formatNumber(count),
        },
        { key: 'last', head: wecomErrors.last, cell: ({ lastAt }) => <TimeAgo at={lastAt} /> },
      ]}
    />
  );
}

function Remedy({ errcode }: { readonly errcode: string }) {
  const { wecomErrors, errcodes } = t();
  return (
    <>
      {errcodes[errcode]?.remedy ??
        (errcode === 'other' ? wecomErrors.otherRemedy : wecomErrors.unknownRemedy)}
    </>
  );
}
