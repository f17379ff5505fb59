import type { MessageAnswer } from '../../api/answers.gen.js';
import { dropMessage } from '../../api/messages.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { tell } from '../../data/notices.js';
import { formatDateTime } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { nameOf } from './message-name.js';

interface DropMessageDialogProps {
  readonly message: MessageAnswer;
  /** Whether there is still one to drop. */
  readonly isThere: boolean;
  readonly onChange: () => void;
  readonly onClose: () => void;
}

/** Stands beside what lists the message, so that it stays when the message goes. */
export function DropMessageDialog({ message, isThere, onChange, onClose }: DropMessageDialogProps) {
  const { outbox, messages } = t();
  const name = nameOf(message);
  const drop = async (): Promise<void> => {
    await dropMessage(message).finally(onChange);
    tell(messages.dropped(name));
  };
  return (
    <ConfirmDialog
      title={messages.dropAsk(name)}
      text={messages.dropWhat(message.openKfId, formatDateTime(message.sentAt))}
      run={outbox.dropRun}
      gone={isThere ? undefined : messages.dropGone}
      isDangerous
      onConfirm={drop}
      onClose={onClose}
    />
  );
}
