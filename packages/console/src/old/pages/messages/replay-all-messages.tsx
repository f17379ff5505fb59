import { useState } from 'preact/hooks';
import { replayDeadMessages } from '../../api/messages.js';
import { ChangeButton } from '../../components/change-button.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';

interface ReplayAllMessagesProps {
  /** Empty for all corps. */
  readonly corpId: string;
  readonly onChange: () => void;
}

export function ReplayAllMessages({ corpId, onChange }: ReplayAllMessagesProps) {
  const { outbox, messages } = t();
  const [isAsking, setAsking] = useState(false);
  const replay = async (): Promise<void> => {
    const { replayed } = await replayDeadMessages(corpId);
    tell(replayed === 0 ? messages.replayedNone : messages.replayedAll(replayed));
    onChange();
  };
  return (
    <>
      <ChangeButton type="button" class="button primary" onClick={() => setAsking(true)}>
        {outbox.replayAll}
      </ChangeButton>
      {isAsking && (
        <ConfirmDialog
          title={messages.replayAllAsk}
          text={messages.replayAllWhat}
          run={outbox.replayAllRun}
          onConfirm={replay}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
