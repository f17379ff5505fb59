import { useMemo } from 'preact/hooks';
import type { CauseAnswer, StatusAnswer } from '../../api/answers.gen.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatSince } from '../../i18n/format.js';
import { language, t } from '../../i18n/language.js';
import { wordsOfCalm } from './calm-words.js';
import { type CauseWords, wordsOfCause } from './cause-words.js';

/** Whether customers are being answered, as the manager concludes: the worst that is so, and below it what else is. */
export function VerdictCard({ status }: { readonly status: StatusAnswer }) {
  const { state, causes, replies } = status.verdict;
  const [worst, ...others] = causes;
  const calm = state === 'failing' || state === 'degraded' ? null : wordsOfCalm(state, status);
  const words = calm ?? (worst === undefined ? null : wordsOfCause(worst, status));
  // Read out when something else is so, and not with every second that an account waits.
  const said = useMemo(
    () => words?.title,
    [state, causes.map(({ code, why }) => `${code} ${why}`).join(), language.value],
  );
  if (words === null) return null;
  return (
    <section class={`verdict ${calm?.tone ?? worst?.severity}`}>
      <p class="unseen" role="status">
        {said}
      </p>
      <div>
        <p class="verdict-title">{words.title}</p>
        {worst !== undefined && <Since of={worst} />}
        {words.text !== undefined && <p>{words.text}</p>}
        {replies.lastAt !== null && (
          <p class="small muted">
            {t().overview.verdict.lastReply}: <TimeAgo at={replies.lastAt} />
          </p>
        )}
      </div>
      <CauseLink of={words} />
      {others.length > 0 && (
        <ul class="findings">
          {others.map((other) => (
            <Cause key={`${other.code} ${other.why}`} cause={other} words={wordsOfCause(other, status)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Cause({ cause, words }: { readonly cause: CauseAnswer; readonly words: CauseWords }) {
  return (
    <li class={cause.severity}>
      <div>
        <strong>{words.title}</strong>
        <Since of={cause} />
        {words.text !== undefined && <p class="small muted">{words.text}</p>}
      </div>
      <CauseLink of={words} />
    </li>
  );
}

function Since({ of: { since } }: { readonly of: CauseAnswer }) {
  if (since === null) return null;
  return <p class="small">{t().overview.verdict.since(formatSince(since))}</p>;
}

function CauseLink({ of: { link } }: { readonly of: CauseWords }) {
  if (link === undefined) return null;
  return (
    <a class="button" href={link.to}>
      {link.text}
    </a>
  );
}
