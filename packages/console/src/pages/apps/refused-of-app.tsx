import { Skeleton } from 'antd';
import { useState } from 'react';
import { Link } from 'wouter';
import type { RefusedCallbackAnswer } from '../../api/answers.gen.js';
import { useRefusedCallbacks } from '../../api/refused-callbacks.js';
import { Loaded } from '../../components/loaded.js';
import { Opener } from '../../components/opener.js';
import { Table } from '../../components/table.js';
import { Ago } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { refusalOf } from '../log/refusal.js';

const keyOf = ({ reason, source }: RefusedCallbackAnswer): string => `${reason} ${source}`;

/** Callbacks of the corp that were refused within the last day: why, from where, and what to do on a click. */
export function RefusedOfApp({ corpId }: { readonly corpId: string }) {
  const { apps, refusals } = t();
  const [opened, setOpened] = useState<string | null>(null);
  const refused = useRefusedCallbacks({ corpId });
  return (
    <section aria-labelledby="refused">
      <div className="section-head">
        <h2 id="refused">{apps.refused}</h2>
        <Link href={pathOf.refused}>{refusals.tab}</Link>
      </div>
      <Loaded of={refused} skeleton={<Skeleton active title={false} paragraph={{ rows: 1 }} />}>
        {({ items, days }) =>
          items.length === 0 ? (
            <p className="muted">{days === 0 ? t().log.off : apps.refusedNone}</p>
          ) : (
            <Table<RefusedCallbackAnswer>
              caption={apps.refused}
              rows={items}
              keyOf={keyOf}
              columns={[
                {
                  key: 'why',
                  head: refusals.why,
                  cell: (row) => (
                    <Opener
                      text={refusalOf(row).what}
                      isOpen={opened === keyOf(row)}
                      onToggle={() => setOpened(opened === keyOf(row) ? null : keyOf(row))}
                    />
                  ),
                },
                {
                  key: 'from',
                  head: refusals.address,
                  width: 160,
                  from: 'm',
                  cell: ({ source }) => source ?? '',
                },
                {
                  key: 'count',
                  head: refusals.count,
                  width: 80,
                  isNumber: true,
                  cell: ({ count }) => formatNumber(count),
                },
                {
                  key: 'last',
                  head: refusals.last,
                  width: 132,
                  from: 'm',
                  cell: ({ lastAt }) => <Ago at={lastAt} />,
                },
              ]}
              detail={(row) =>
                opened === keyOf(row) ? (
                  <div className="remedy">
                    <p>{refusalOf(row).remedy}</p>
                    <p className="small muted">
                      <code>{row.reason}</code> {row.source}
                    </p>
                  </div>
                ) : null
              }
            />
          )
        }
      </Loaded>
    </section>
  );
}
