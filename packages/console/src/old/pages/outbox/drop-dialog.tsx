import type { HintAnswer } from '../../api/answers.gen.js';
import { dropHint } from '../../api/hints.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { tell } from '../../data/notices.js';
import { formatDateTime } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

interface DropDialogProps {
  /** As it was when somebody wanted it dropped: a newer event of the account is not meant. */
  readonly hint: HintAnswer;
  /** Whether there is still one to drop. */
  readonly isThere: boolean;
  readonly onChange: () => void;
  readonly onClose: () => void;
}

/** Stands beside what lists the hint, so that it stays when the hint goes. */
export function DropDialog({ hint, isThere, onChange, onClose }: DropDialogProps) {
  const { outbox } = t();
  const name = hint.name || hint.openKfId;
  const drop = async (): Promise<void> => {
    // Also after a refusal something else is there than was seen.
    await dropHint(hint).finally(onChange);
    tell(outbox.dropped(name));
  };
  return (
    <ConfirmDialog
      title={outbox.dropAsk(name)}
      text={outbox.dropWhat(hint.openKfId, formatDateTime(hint.arrivedAt))}
      run={outbox.dropRun}
      gone={isThere ? undefined : outbox.dropGone}
      isDangerous
      onConfirm={drop}
      onClose={onClose}
    />
  );
}
