import type { MessageAnswer } from '../../api/answers.gen.js';
import { AccountLink } from '../../components/account-link.js';
import { Chip, type Tone } from '../../components/chip.js';
import { CorpId } from '../../components/corp-id.js';
import { DataTable } from '../../components/data-table.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatSeconds } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { DueTime } from '../outbox/due-words.js';
import { HintReason } from '../outbox/hint-reason.js';
import { MessageActions } from './message-actions.js';

const TONES: Readonly<Record<MessageAnswer['state'], Tone>> = { waiting: 'wait', dead: 'bad' };

interface MessageTableProps {
  readonly caption: string;
  readonly rows: readonly MessageAnswer[];
  /** Somebody wants it dropped. */
  readonly onDrop: (message: MessageAnswer) => void;
  readonly onChange: () => void;
}

/** What kind of message waits and since when, and never what it says. */
export function MessageTable({ caption, rows, onDrop, onChange }: MessageTableProps) {
  const { accounts, outbox, messages } = t();
  return (
    <DataTable
      caption={caption}
      rows={rows}
      isDense
      keyOf={({ webhookId }) => webhookId}
      columns={[
        {
          key: 'account',
          head: outbox.account,
          cell: ({ openKfId, name }) => <AccountLink openKfId={openKfId} name={name} />,
        },
        { key: 'corp', head: accounts.corp, cell: ({ corpId }) => <CorpId corpId={corpId} /> },
        {
          key: 'type',
          head: messages.type,
          cell: ({ type, origin }) => (
            <>
              {type || messages.noType} <span class="small muted">{messages.origins(origin)}</span>
            </>
          ),
        },
        {
          key: 'state',
          head: outbox.state,
          cell: ({ state }) => <Chip tone={TONES[state]} text={outbox.states[state]} />,
        },
        { key: 'sent', head: messages.sent, cell: ({ sentAt }) => <TimeAgo at={sentAt} /> },
        {
          key: 'age',
          head: messages.age,
          cell: ({ ageS }) => formatSeconds(ageS),
        },
        {
          key: 'attempts',
          head: outbox.tried,
          cell: ({ attempts, refusals, webhookId }) => (
            <a href={`/console/live/log?q=${encodeURIComponent(webhookId)}`}>
              {messages.attempts(attempts, refusals)}
            </a>
          ),
        },
        {
          key: 'due',
          head: outbox.due,
          cell: ({ dueAt }) => (dueAt === null ? outbox.dueNever : <DueTime at={dueAt} />),
        },
        { key: 'why', head: outbox.why, cell: ({ failure }) => <HintReason failure={failure} /> },
        {
          key: 'actions',
          head: outbox.actions,
          cell: (message) => (
            <MessageActions message={message} onDrop={() => onDrop(message)} onChange={onChange} />
          ),
        },
      ]}
    />
  );
}
