import type { ReactNode } from 'react';
import type { LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import type { Paged } from '../../api/answers.js';
import type { useNames } from '../../api/names.js';
import { AccountName, BotName, CorpName } from '../../components/names.js';
import { OutcomeTag } from '../../components/outcome-tag.js';
import { PagedTable } from '../../components/paged-table.js';
import { ShortTime } from '../../components/times.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { whatOf, whyOf } from './record-words.js';

const SKELETON_ROWS = 12;

interface LogTableProps {
  readonly of: Paged<LoggedDeliveryAnswer>;
  readonly names: ReturnType<typeof useNames>;
  readonly empty: ReactNode;
  /** The id of the record that is open; empty for none. */
  readonly open: string;
  readonly hrefOf: (id: string) => string;
  readonly onOpen: (id: string) => void;
}

/** Records, each with the way to its story. */
export function LogTable({ of: paged, names, empty, open, hrefOf, onOpen }: LogTableProps) {
  const { log, live, outbox, common } = t();
  return (
    <PagedTable
      of={paged}
      caption={log.table}
      empty={empty}
      isDense
      skeletonRows={SKELETON_ROWS}
      keyOf={({ id }) => id}
      openKey={open}
      onOpen={({ id }) => onOpen(id)}
      columns={[
        {
          key: 'time',
          head: live.time,
          width: 114,
          cell: ({ id, at }) => (
            <a
              className="small"
              href={hrefOf(id)}
              title={log.open}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                onOpen(id);
              }}
            >
              <ShortTime at={at} />
            </a>
          ),
        },
        {
          key: 'outcome',
          head: live.outcome,
          width: 122,
          cell: ({ outcome }) => <OutcomeTag outcome={outcome} />,
        },
        {
          key: 'account',
          head: outbox.account,
          cell: ({ corpId, openKfId, name }) => {
            if (corpId === null) return <span className="muted">{t().refusals.noCorp}</span>;
            if (openKfId === null) return <CorpName corpId={corpId} name={names.corpNameOf(corpId)} />;
            const known = names.accountNameOf({ corpId, openKfId, name });
            return <AccountName corpId={corpId} openKfId={openKfId} name={known} />;
          },
        },
        {
          key: 'bot',
          head: log.bot,
          width: 150,
          from: 'l',
          cell: (record) => {
            const bot = names.botOf(record);
            return bot === null ? common.none : <BotName {...bot} />;
          },
        },
        { key: 'what', head: log.what, width: 210, from: 'xl', cell: whatOf },
        { key: 'answer', head: live.answer, from: 'm', cell: whyOf },
        {
          key: 'took',
          head: live.took,
          width: 92,
          from: 'l',
          isNumber: true,
          cell: ({ durationMs }) => formatMs(durationMs),
        },
      ]}
    />
  );
}
