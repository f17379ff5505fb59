import { useState } from 'preact/hooks';
import { replayDead } from '../../api/hints.js';
import { ChangeButton } from '../../components/change-button.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';

interface ReplayAllProps {
  /** Empty for all corps. */
  readonly corpId: string;
  readonly onChange: () => void;
}

export function ReplayAll({ corpId, onChange }: ReplayAllProps) {
  const { outbox } = t();
  const [isAsking, setAsking] = useState(false);
  const replay = async (): Promise<void> => {
    const { replayed } = await replayDead(corpId);
    tell(replayed === 0 ? outbox.replayedNone : outbox.replayedAll(replayed));
    onChange();
  };
  return (
    <>
      <ChangeButton type="button" class="button primary" onClick={() => setAsking(true)}>
        {outbox.replayAll}
      </ChangeButton>
      {isAsking && (
        <ConfirmDialog
          title={outbox.replayAllAsk}
          text={outbox.replayAllWhat}
          run={outbox.replayAllRun}
          onConfirm={replay}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
