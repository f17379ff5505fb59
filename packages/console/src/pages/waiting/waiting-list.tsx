import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { type Paged, useChange } from '../../api/answers.js';
import { useNames } from '../../api/names.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { ErrorNote } from '../../components/error-note.js';
import { AccountName, BotName, CorpName } from '../../components/names.js';
import { Opener } from '../../components/opener.js';
import { PagedTable } from '../../components/paged-table.js';
import { FailureRemedy } from '../../components/remedy.js';
import { useTell } from '../../components/tell.js';
import { Ago } from '../../components/times.js';
import { whatFailed } from '../../../../../src/insight/words/cause-text.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { DueWords } from './due-words.js';
import { type Many, ManyDialog } from './many-dialog.js';
import { TOUCHED, type WaitingRow } from './waiting-row.js';

interface WaitingListProps<T> {
  readonly caption: string;
  readonly of: Paged<T>;
  readonly toRow: (item: T) => WaitingRow;
  readonly empty: ReactNode;
  /** Beside what can be done about the chosen ones. */
  readonly replayAll?: ReactNode;
  readonly sort?: { readonly by: string; readonly onSort: (by: string) => void };
}

/** What waits or is dead: why, since when, and what can be done about one or many of them. */
export function WaitingList<T>({ caption, of: paged, toRow, empty, replayAll, sort }: WaitingListProps<T>) {
  const { outbox, common } = t();
  const names = useNames();
  const tell = useTell();
  const [opened, setOpened] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [many, setMany] = useState<Many | null>(null);
  // As it was when somebody wanted it dropped: a newer event of the account is not meant.
  const [asked, setAsked] = useState<WaitingRow | null>(null);
  const [isAsking, setAsking] = useState(false);
  const replay = useChange((row: WaitingRow) => row.replay(), TOUCHED);
  const drop = useChange((row: WaitingRow) => row.drop(), TOUCHED);
  const data = paged.of.data;
  const rows = data?.items.map(toRow);
  const chosenRows = rows?.filter(({ key }) => chosen.has(key)) ?? [];
  const toggle = ({ key }: WaitingRow): void => setOpened(opened === key ? null : key);
  const send = (row: WaitingRow): void => replay.mutate(row, { onSuccess: () => tell(row.replayed) });
  const isSending = (row: WaitingRow) => replay.isPending && replay.variables.key === row.key;
  const ask = (row: WaitingRow): void => {
    setAsked(row);
    setAsking(true);
  };
  const sendWords = ({ isDead, label }: WaitingRow) =>
    isDead
      ? { text: outbox.replayDead, label: outbox.replayDeadOf(label) }
      : { text: outbox.replay, label: outbox.replayOf(label) };
  return (
    <>
      {/* A question that was asked from here stays open until it is answered, also where the list is empty by then. */}
      <div className="chosen" role="group" aria-label={outbox.actions} hidden={rows?.length === 0}>
        <span role="status" className="muted">
          {chosenRows.length === 0 ? outbox.chooseSome : outbox.chosen(formatNumber(chosenRows.length))}
        </span>
        {chosenRows.length > 0 && (
          <>
            <ChangeButton size="small" onClick={() => setMany({ kind: 'send', rows: chosenRows })}>
              {outbox.sendChosen}
            </ChangeButton>
            <ChangeButton size="small" danger onClick={() => setMany({ kind: 'drop', rows: chosenRows })}>
              {outbox.dropChosen}
            </ChangeButton>
          </>
        )}
        <span className="grow" />
        {replayAll}
      </div>
      {replay.error !== null && <ErrorNote error={replay.error} titles={outbox.replayErrors} />}
      <PagedTable<WaitingRow>
        of={{
          ...paged,
          of: { ...paged.of, data: data && { ...data, items: rows ?? [] } } as Paged<WaitingRow>['of'],
        }}
        caption={caption}
        empty={empty}
        isDense
        {...(sort !== undefined && { sort })}
        keyOf={({ key }) => key}
        onOpen={toggle}
        selection={{ keys: chosen, onChange: setChosen }}
        columns={[
          {
            key: 'account',
            head: outbox.account,
            width: 176,
            cell: (row) => <AccountName {...row} name={names.accountNameOf(row)} />,
          },
          {
            key: 'why',
            head: outbox.why,
            isWhole: true,
            cell: (row) => (
              <Opener
                text={row.lastFailure === null ? outbox.noFailure : whatFailed(row.lastFailure, t())}
                isOpen={opened === row.key}
                onToggle={() => toggle(row)}
              />
            ),
          },
          { key: 'what', head: outbox.what, width: 152, from: 'xxl', cell: ({ what }) => what },
          {
            key: 'bot',
            head: outbox.bot,
            width: 128,
            from: 'xl',
            cell: (row) => {
              const bot = names.botOf(row);
              return bot === null ? common.none : <BotName {...bot} />;
            },
          },
          {
            key: 'since',
            head: outbox.since,
            width: 108,
            from: 'm',
            sort: { by: 'waitingSince', direction: 'descending' },
            cell: ({ since }) => <Ago at={since} />,
          },
          {
            key: 'attempts',
            head: outbox.tried,
            width: 172,
            from: 'xl',
            isWhole: true,
            cell: ({ attempts }) => attempts,
          },
          { key: 'due', head: outbox.due, width: 156, from: 'l', cell: ({ due }) => <DueWords due={due} /> },
          {
            key: 'action',
            head: outbox.actions,
            width: 120,
            from: 'm',
            isNumber: true,
            cell: (row) => (
              <ChangeButton
                size="small"
                aria-label={sendWords(row).label}
                loading={isSending(row)}
                onClick={() => send(row)}
              >
                {sendWords(row).text}
              </ChangeButton>
            ),
          },
        ]}
        detail={(row) =>
          opened !== row.key ? null : (
            <div className="remedy">
              {row.lastFailure !== null && <FailureRemedy failure={row.lastFailure} />}
              <dl className="facts">
                <dt>{outbox.app}</dt>
                <dd>
                  <CorpName corpId={row.corpId} name={names.corpNameOf(row.corpId)} />
                </dd>
                <dt>{outbox.what}</dt>
                <dd>{row.what}</dd>
                <dt>{outbox.since}</dt>
                <dd>
                  <Ago at={row.since} />
                </dd>
                <dt>{outbox.due}</dt>
                <dd>
                  <DueWords due={row.due} />
                </dd>
                <dt>{outbox.tried}</dt>
                <dd>
                  {row.attempts} · <Link href={row.logHref}>{outbox.toLog}</Link>
                </dd>
              </dl>
              <div className="actions">
                <ChangeButton loading={isSending(row)} onClick={() => send(row)}>
                  {sendWords(row).text}
                </ChangeButton>
                <ChangeButton danger aria-label={outbox.dropOf(row.label)} onClick={() => ask(row)}>
                  {outbox.drop}
                </ChangeButton>
              </div>
            </div>
          )
        }
      />
      <Confirm
        isOpen={isAsking}
        title={asked?.lost.ask ?? ''}
        text={asked?.lost.what ?? ''}
        run={outbox.dropRun}
        isDangerous
        change={drop}
        argument={asked as WaitingRow}
        told={() => asked?.lost.told ?? ''}
        gone={asked === null || rows?.some(({ key }) => key === asked.key) ? undefined : asked.lost.gone}
        onClose={() => setAsking(false)}
      />
      {many !== null && (
        <ManyDialog
          many={many}
          onClose={() => {
            setMany(null);
            setChosen(new Set());
          }}
        />
      )}
    </>
  );
}
