import type { HintAnswer } from '../../api/answers.gen.js';
import { replayHint } from '../../api/hints.js';
import { ChangeButton } from '../../components/change-button.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';

interface HintActionsProps {
  readonly hint: HintAnswer;
  /** Somebody wants it dropped. */
  readonly onDrop: () => void;
  readonly onChange: () => void;
}

/** Send it now, or lose it. */
export function HintActions({ hint, onDrop, onChange }: HintActionsProps) {
  const { outbox } = t();
  const name = hint.name || hint.openKfId;
  const isDead = hint.state === 'dead';
  const replay = useAction(async () => {
    await replayHint(hint);
    tell(outbox.replayed(name));
    onChange();
  });
  return (
    <>
      <div class="actions">
        <ChangeButton
          type="button"
          class="button"
          aria-label={isDead ? outbox.replayDeadOf(name) : outbox.replayOf(name)}
          aria-disabled={replay.isRunning}
          onClick={replay.run}
        >
          {isDead ? outbox.replayDead : outbox.replay}
        </ChangeButton>
        <ChangeButton type="button" class="button danger" aria-label={outbox.dropOf(name)} onClick={onDrop}>
          {outbox.drop}
        </ChangeButton>
      </div>
      {replay.error !== null && <Problem error={replay.error} />}
    </>
  );
}
