import type { CauseAnswer } from '../../api/answers.gen.js';
import { Meaning } from '../../components/errcode.js';
import { formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { CauseLink } from './cause-link.js';
import { type CauseWords, wordsOfCause } from './cause-words.js';

interface CauseListProps {
  readonly causes: readonly CauseAnswer[];
  /** How many are not in it. */
  readonly more: number;
}

/** What needs attention: one line for each cause and address, with since when and what to do. */
export function CauseList({ causes, more }: CauseListProps) {
  const { verdict } = t().overview;
  return (
    <>
      <h2 id="attention">{verdict.attention}</h2>
      <ul class="findings" aria-labelledby="attention">
        {causes.map((cause) => (
          <Cause
            key={`${cause.code} ${cause.why} ${cause.address} ${cause.botId} ${cause.corpId}`}
            cause={cause}
          />
        ))}
      </ul>
      {more > 0 && <p class="small muted">{verdict.more(more)}</p>}
    </>
  );
}

function Cause({ cause }: { readonly cause: CauseAnswer }) {
  const words = wordsOfCause(cause);
  const { since } = cause;
  return (
    <li class={cause.severity}>
      <div>
        <strong>{words.title}</strong>{' '}
        {since !== null && <span class="small muted">{t().overview.verdict.since(formatSince(since))}</span>}
        <CauseText of={words} />
      </div>
      <CauseLink of={words} />
    </li>
  );
}

function CauseText({ of: { text, callFault } }: { readonly of: CauseWords }) {
  if (text === undefined && callFault === undefined) return null;
  return (
    <p class="small muted">
      {text} {callFault !== undefined && <Meaning of={callFault} />}
    </p>
  );
}
