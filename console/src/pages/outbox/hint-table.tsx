import type { HintAnswer } from '../../api/answers.gen.js';
import type { HintList } from '../../api/hints.js';
import { AccountLink } from '../../components/account-link.js';
import { Chip, type Tone } from '../../components/chip.js';
import { DataTable } from '../../components/data-table.js';
import { formatSeconds, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { DueWords } from './due-words.js';
import { HintActions } from './hint-actions.js';
import { HintReason } from './hint-reason.js';

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
  const { outbox } = t();
  return (
    <DataTable
      caption={list === 'dead' ? outbox.deadTable : outbox.waitingTable}
      rows={rows}
      sort={{ by: sort, onSort }}
      keyOf={({ corpId, openKfId }) => `${corpId}/${openKfId}`}
      columns={[
        {
          key: 'account',
          head: outbox.account,
          cell: ({ openKfId, name, corpId }) => (
            <>
              <AccountLink openKfId={openKfId} name={name} />
              <span class="mono small muted">{corpId}</span>
            </>
          ),
        },
        {
          key: 'state',
          head: outbox.state,
          cell: ({ state }) => <Chip tone={TONES[state]} text={outbox.states[state]} />,
        },
        {
          key: 'age',
          head: outbox.age,
          sort: { by: 'waitingSince', direction: 'descending' },
          cell: ({ ageS, waitingSince, attempts, openKfId }) => (
            <>
              {formatSeconds(ageS)}
              <div class="small muted whole">{t().overview.verdict.since(formatSince(waitingSince))}</div>
              <div class="small whole">
                <a href={`/console/live/log?openKfId=${encodeURIComponent(openKfId)}`}>
                  {outbox.attempts(attempts)}
                </a>
              </div>
            </>
          ),
        },
        { key: 'due', head: outbox.due, cell: (hint) => <DueWords hint={hint} /> },
        { key: 'why', head: outbox.why, cell: ({ failure }) => <HintReason failure={failure} /> },
        {
          key: 'actions',
          head: outbox.actions,
          cell: (hint) => <HintActions hint={hint} onDrop={() => onDrop(hint)} onChange={onChange} />,
        },
      ]}
    />
  );
}
