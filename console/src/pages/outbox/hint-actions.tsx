import { useState } from 'preact/hooks';
import type { HintAnswer } from '../../../../src/api/answers/hint.js';
import { dropHint, replayHint } from '../../api/hints.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { tell } from '../../data/notices.js';
import { formatDateTime } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

interface HintActionsProps {
  readonly hint: HintAnswer;
  readonly onChange: () => void;
}

/** Send it now, or lose it. */
export function HintActions({ hint, onChange }: HintActionsProps) {
  const { outbox } = t();
  const { openKfId } = hint;
  const name = hint.name || openKfId;
  const [isAsking, setAsking] = useState(false);
  const replay = useAction(async () => {
    await replayHint(openKfId);
    tell(outbox.replayed(name));
    onChange();
  });
  const drop = async (): Promise<void> => {
    await dropHint(openKfId);
    tell(outbox.dropped(name));
    onChange();
  };
  return (
    <>
      <div class="actions">
        <button
          type="button"
          class="button"
          aria-label={outbox.replayOf(name)}
          aria-disabled={replay.isRunning}
          onClick={replay.run}
        >
          {outbox.replay}
        </button>
        <button
          type="button"
          class="button danger"
          aria-label={outbox.dropOf(name)}
          onClick={() => setAsking(true)}
        >
          {outbox.drop}
        </button>
      </div>
      {replay.error !== null && <Problem error={replay.error} />}
      {isAsking && (
        <ConfirmDialog
          title={outbox.dropAsk(name)}
          text={outbox.dropWhat(openKfId, formatDateTime(hint.arrivedAt))}
          run={outbox.dropRun}
          isDangerous
          onConfirm={drop}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
