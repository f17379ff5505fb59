import { useState } from 'react';
import { useChange } from '../../api/answers.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { ErrorNote } from '../../components/error-note.js';
import { useTell } from '../../components/tell.js';
import { t } from '../../i18n/language.js';
import { TOUCHED } from './waiting-row.js';

interface ReplayDeadProps {
  readonly isFiltered: boolean;
  readonly count: () => Promise<{ readonly count: number; readonly isWhole?: boolean }>;
  readonly replay: () => Promise<{ readonly replayed: number }>;
  readonly words: {
    readonly ask: (count: number, isWhole: boolean) => string;
    readonly what: string;
    readonly done: (count: number) => string;
    readonly none: string;
  };
}

/** Sends all that is dead and matches the filter. It counts first, so that the question says how many are meant. */
export function ReplayDead({ isFiltered, count, replay, words }: ReplayDeadProps) {
  const { outbox } = t();
  const tell = useTell();
  const [found, setFound] = useState({ count: 0, isWhole: true });
  const [isAsking, setAsking] = useState(false);
  const counting = useChange<void, Awaited<ReturnType<typeof count>>>(count, []);
  const change = useChange<void, { readonly replayed: number }>(replay, TOUCHED);
  const ask = (): void =>
    counting.mutate(undefined, {
      onSuccess: ({ count: all, isWhole = true }) => {
        setFound({ count: all, isWhole });
        if (all === 0) tell(words.none);
        else setAsking(true);
      },
    });
  return (
    <>
      <ChangeButton type="primary" loading={counting.isPending} onClick={ask}>
        {isFiltered ? outbox.replayThese : outbox.replayAll}
      </ChangeButton>
      {counting.error !== null && <ErrorNote error={counting.error} />}
      <Confirm
        isOpen={isAsking}
        title={words.ask(found.count, found.isWhole)}
        text={words.what}
        run={outbox.replayAllRun}
        change={change}
        argument={undefined}
        told={({ replayed }) => (replayed === 0 ? words.none : words.done(replayed))}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
