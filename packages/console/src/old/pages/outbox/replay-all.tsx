import { useState } from 'preact/hooks';
import { countDead, type HintListFilter, replayDead } from '../../api/hints.js';
import { ChangeButton } from '../../components/change-button.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';

interface ReplayAllProps {
  /** Those that are listed. */
  readonly filter: HintListFilter;
  readonly isFiltered: boolean;
  readonly onChange: () => void;
}

/** Counts first, so that the question says how many are meant. */
export function ReplayAll({ filter, isFiltered, onChange }: ReplayAllProps) {
  const { outbox } = t();
  const [count, setCount] = useState<number | null>(null);
  const ask = useAction(async () => {
    const { count: found } = await countDead(filter);
    if (found === 0) tell(outbox.replayedNone);
    else setCount(found);
  });
  const replay = async (): Promise<void> => {
    const { replayed } = await replayDead(filter);
    tell(replayed === 0 ? outbox.replayedNone : outbox.replayedAll(replayed));
    onChange();
  };
  return (
    <>
      <ChangeButton class="button primary" aria-disabled={ask.isRunning} onClick={ask.run}>
        {isFiltered ? outbox.replayThese : outbox.replayAll}
      </ChangeButton>
      {ask.error !== null && <Problem error={ask.error} />}
      {count !== null && (
        <ConfirmDialog
          title={outbox.replayAllAsk(count)}
          text={outbox.replayAllWhat}
          run={outbox.replayAllRun}
          onConfirm={replay}
          onClose={() => setCount(null)}
        />
      )}
    </>
  );
}
