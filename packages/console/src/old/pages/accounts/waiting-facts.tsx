import type { HintAnswer } from '../../api/answers.gen.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatNumber, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { DueWords } from '../outbox/due-words.js';
import { HintActions } from '../outbox/hint-actions.js';
import { untriedWords } from '../outbox/untried.js';

interface WaitingFactsProps {
  /** null where nothing waits; its place stays, so that what is beside it does not move. */
  readonly hint: HintAnswer | null;
  readonly onDrop: () => void;
  readonly onChange: () => void;
}

/** What waits for one account, or is dead. */
export function WaitingFacts({ hint, onDrop, onChange }: WaitingFactsProps) {
  const { accounts, outbox } = t();
  if (hint === null)
    return (
      <section class="card">
        <h2>{accounts.waits}</h2>
        <p class="muted">{accounts.nothingWaits}</p>
      </section>
    );
  return (
    <section class={`card ${hint.state === 'dead' ? 'bad' : 'wait'}`}>
      <h2>{accounts.waits}</h2>
      <dl class="facts">
        <dt>{accounts.waitsSince}</dt>
        <dd>{formatSince(hint.waitingSince)}</dd>
        <dt>{accounts.arrived}</dt>
        <dd>
          <TimeAgo at={hint.arrivedAt} />
        </dd>
        <dt>{accounts.attempts}</dt>
        <dd>{untriedWords(hint, outbox) ?? formatNumber(hint.attempts)}</dd>
        <dt>{accounts.due}</dt>
        <dd>
          <DueWords hint={hint} />
        </dd>
      </dl>
      {hint.isSyncTokenExpired && <p class="small muted">{accounts.tokenExpired}</p>}
      <HintActions hint={hint} onDrop={onDrop} onChange={onChange} />
    </section>
  );
}
