import type { MessageAnswer } from '../../api/answers.gen.js';
import { replayMessage } from '../../api/messages.js';
import { ChangeButton } from '../../components/change-button.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';
import { nameOf } from './message-name.js';

interface MessageActionsProps {
  readonly message: MessageAnswer;
  /** Somebody wants it dropped. */
  readonly onDrop: () => void;
  readonly onChange: () => void;
}

/** Send it now, or lose it. */
export function MessageActions({ message, onDrop, onChange }: MessageActionsProps) {
  const { outbox, messages } = t();
  const name = nameOf(message);
  const isDead = message.state === 'dead';
  const replay = useAction(async () => {
    await replayMessage(message);
    tell(messages.replayed(name));
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
