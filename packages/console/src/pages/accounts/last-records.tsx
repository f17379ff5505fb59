import { Link } from 'wouter';
import type { LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import { useLastRecords } from '../../api/deliveries.js';
import { Loaded } from '../../components/loaded.js';
import { OutcomeTag } from '../../components/outcome-tag.js';
import { Table } from '../../components/table.js';
import { Time } from '../../components/times.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { whatOf, whyOf } from '../log/record-words.js';

const SHOWN = 12;

/** What the log has of the account, the newest first. */
export function LastRecords({ openKfId }: { readonly openKfId: string }) {
  const { accounts, log } = t();
  return (
    <section>
      <div className="section-head">
        <h2>{accounts.records}</h2>
        <Link href={pathOf.logOfAccount(openKfId)}>{accounts.toLog}</Link>
      </div>
      <Loaded of={useLastRecords(openKfId, SHOWN)} skeleton={<Records rows={undefined} />}>
        {({ items, days }) =>
          items.length > 0 ? (
            <Records rows={items} />
          ) : (
            <p className="muted">{days === 0 ? log.off : accounts.noRecords}</p>
          )
        }
      </Loaded>
    </section>
  );
}

function Records({ rows }: { readonly rows: readonly LoggedDeliveryAnswer[] | undefined }) {
  const { accounts, live, log } = t();
  return (
    <Table
      caption={accounts.recordsTable}
      rows={rows}
      keyOf={({ id }) => id}
      skeletonRows={SHOWN}
      columns={[
        {
          key: 'time',
          head: live.time,
          width: 108,
          cell: ({ id, openKfId, at }) => (
            <Link href={pathOf.recordOf(openKfId ?? '', id)}>
              <Time at={at} />
            </Link>
          ),
        },
        {
          key: 'outcome',
          head: live.outcome,
          width: 140,
          cell: ({ outcome }) => <OutcomeTag outcome={outcome} />,
        },
        { key: 'what', head: log.what, cell: whatOf },
        {
          key: 'answer',
          head: live.answer,
          from: 'm',
          title: ({ reason }) => reason ?? '',
          cell: (record) => whyOf(record) || t().common.none,
        },
        {
          key: 'took',
          head: live.took,
          width: 90,
          from: 'l',
          isNumber: true,
          cell: ({ durationMs }) => formatMs(durationMs),
        },
      ]}
    />
  );
}
