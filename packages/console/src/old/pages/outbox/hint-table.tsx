import type { HintAnswer } from '../../api/answers.gen.js';
import type { HintList } from '../../api/hints.js';
import { AccountLink } from '../../components/account-link.js';
import { Chip, type Tone } from '../../components/chip.js';
import { CorpId } from '../../components/corp-id.js';
import { DataTable } from '../../components/data-table.js';
import { formatSeconds, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { DueWords } from './due-words.js';
import { HintActions } from './hint-actions.js';
import { HintReason } from './hint-reason.js';
import { untriedWords } from './untried.js';

const TONES: Readonly<Record<HintAnswer['state'], Tone>> = { waiting: 'wait', parked: 'quiet', dead: 'bad' };

interface HintTableProps {
  readonly list: HintList;
  readonly rows: readonly HintAnswer[];
  /** Of the API; empty for its own. */
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  /** Somebody wants it dropped. */
  readonly onDrop: (hint: HintAnswer) => void;
  readonly onChange: () => void;
}

export function HintTable({ list, rows, sort, onSort, onDrop, onChange }: HintTableProps) {
  const { accounts, outbox, overview } = t();
  return (
    <DataTable
      caption={list === 'dead' ? outbox.deadTable : outbox.waitingTable}
      rows={rows}
      sort={{ by: sort, onSort }}
      isDense
      keyOf={({ corpId, openKfId }) => `${corpId}/${openKfId}`}
      columns={[
        {
          key: 'account',
          head: outbox.account,
          cell: ({ openKfId, name }) => <AccountLink openKfId={openKfId} name={name} />,
        },
        { key: 'corp', head: accounts.corp, cell: ({ corpId }) => <CorpId corpId={corpId} /> },
        {
          key: 'state',
          head: outbox.state,
          cell: ({ state }) => <Chip tone={TONES[state]} text={outbox.states[state]} />,
        },
        {
          key: 'age',
          head: outbox.age,
          sort: { by: 'waitingSince', direction: 'descending' },
          cell: ({ ageS, waitingSince }) => (
            <time dateTime={waitingSince} title={overview.verdict.since(formatSince(waitingSince))}>
              {formatSeconds(ageS)}
            </time>
          ),
        },
        {
          key: 'attempts',
          head: outbox.tried,
          cell: (hint) => (
            <a
              href={`/console/live/log?openKfId=${encodeURIComponent(hint.openKfId)}`}
              title={untriedWords(hint, outbox) ?? undefined}
            >
              {untriedWords(hint, outbox) === null ? outbox.attempts(hint.attempts) : outbox.notTried}
            </a>
          ),
        },
        { key: 'due', head: outbox.due, cell: (hint) => <DueWords hint={hint} /> },
        {
          key: 'why',
          head: outbox.why,
          cell: ({ failure, waitingSince }) => <HintReason failure={failure} waitingSince={waitingSince} />,
        },
        {
          key: 'actions',
          head: outbox.actions,
          cell: (hint) => <HintActions hint={hint} onDrop={() => onDrop(hint)} onChange={onChange} />,
        },
      ]}
    />
  );
}
