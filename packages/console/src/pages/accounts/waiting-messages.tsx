import { useState } from 'react';
import type { MessageAnswer } from '../../api/answers.gen.js';
import { changeThen, useChange } from '../../api/answers.js';
import { dropMessage, replayMessage, useMessages } from '../../api/messages.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { ErrorNote } from '../../components/error-note.js';
import { PagedTable } from '../../components/paged-table.js';
import { StateTag } from '../../components/state-tag.js';
import { useTell } from '../../components/tell.js';
import { Ago } from '../../components/times.js';
import { whatFailed } from '../../../../../src/insight/words/cause-text.js';
import { formatDateTime } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

const TOUCHED = ['/api/v1/accounts', '/api/v1/messages', '/api/v1/deliveries', '/api/v1/status'];
const TONES = { waiting: 'wait', dead: 'bad' } as const;

interface WaitingMessagesProps {
  readonly corpId: string;
  readonly openKfId: string;
}

/** Messages of one account that wait or are dead; nothing where there are none, as with bots that take events. */
export function WaitingMessages({ corpId, openKfId }: WaitingMessagesProps) {
  const { messages, outbox, failures, common } = t();
  const paged = useMessages({ state: '', corpId, openKfId });
  const tell = useTell();
  const replay = useChange(replayMessage, TOUCHED);
  const drop = useChange(dropMessage, TOUCHED);
  const [asked, setAsked] = useState<MessageAnswer | null>(null);
  const [isOpen, setOpen] = useState(false);
  const rows = paged.of.data?.items ?? [];
  if (paged.pageNumber === 1 && rows.length === 0 && !isOpen) return null;
  return (
    <section>
      <h2>{messages.ofAccount}</h2>
      <p className="small muted">{messages.ofAccountText}</p>
      <PagedTable
        of={paged}
        caption={messages.bothTable}
        empty={null}
        keyOf={({ webhookId }) => webhookId}
        columns={[
          { key: 'type', head: messages.type, cell: ({ type }) => type || messages.noType },
          {
            key: 'state',
            head: outbox.state,
            width: 110,
            cell: ({ state }) => <StateTag tone={TONES[state]} text={outbox.states[state]} />,
          },
          {
            key: 'sent',
            head: messages.sent,
            width: 120,
            from: 'm',
            cell: ({ sentAt }) => <Ago at={sentAt} />,
          },
          {
            key: 'attempts',
            head: outbox.tried,
            from: 'l',
            cell: ({ attempts, refusals }) => messages.attempts(attempts, refusals),
          },
          {
            key: 'why',
            head: outbox.why,
            from: 'm',
            title: ({ lastFailure }) =>
              lastFailure === null ? common.none : failures[lastFailure.stage].remedy,
            cell: ({ lastFailure }) => (lastFailure === null ? common.none : whatFailed(lastFailure, t())),
          },
          {
            key: 'actions',
            head: outbox.actions,
            width: 204,
            cell: (message) => (
              <MessageActions
                message={message}
                isPending={replay.isPending}
                onReplay={() => changeThen(replay, message, () => tell(messages.replayed(nameOf(message))))}
                onDrop={() => {
                  setAsked(message);
                  setOpen(true);
                }}
              />
            ),
          },
        ]}
      />
      {replay.error !== null && <ErrorNote error={replay.error} />}
      {asked !== null && (
        <Confirm
          title={messages.dropAsk(nameOf(asked))}
          text={messages.dropWhat(asked.openKfId, formatDateTime(asked.sentAt))}
          run={outbox.dropRun}
          isDangerous
          change={drop}
          argument={asked}
          told={() => messages.dropped(nameOf(asked))}
          gone={rows.some(({ webhookId }) => webhookId === asked.webhookId) ? undefined : messages.dropGone}
          isOpen={isOpen}
          onClose={() => setOpen(false)}
        />
      )}
    </section>
  );
}

/** By type and account: it has no other name that may be shown. */
function nameOf({ type, name, openKfId }: MessageAnswer): string {
  return t().messages.nameOf(type, name || openKfId);
}

interface MessageActionsProps {
  readonly message: MessageAnswer;
  readonly isPending: boolean;
  readonly onReplay: () => void;
  readonly onDrop: () => void;
}

function MessageActions({ message, isPending, onReplay, onDrop }: MessageActionsProps) {
  const { outbox } = t();
  const name = nameOf(message);
  const isDead = message.state === 'dead';
  return (
    <span className="actions">
      <ChangeButton
        size="small"
        disabled={isPending}
        aria-label={isDead ? outbox.replayDeadOf(name) : outbox.replayOf(name)}
        onClick={onReplay}
      >
        {isDead ? outbox.replayDead : outbox.replay}
      </ChangeButton>
      <ChangeButton size="small" danger aria-label={outbox.dropOf(name)} onClick={onDrop}>
        {outbox.drop}
      </ChangeButton>
    </span>
  );
}
