import { useMemo } from 'preact/hooks';
import type { StatusAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/chip.js';
import { TimeAgo } from '../../components/time-ago.js';
import { language, t } from '../../i18n/language.js';
import { wordsOfCalm } from './calm-words.js';
import { CauseLink } from './cause-link.js';
import { CauseList } from './cause-list.js';
import { type CauseWords, wordsOfCause } from './cause-words.js';

/** Whether customers are being answered, as the manager concludes, and what needs attention. */
export function VerdictCard({ status }: { readonly status: StatusAnswer }) {
  const { causes, moreCauses, replies } = status.verdict;
  const words = wordsOf(status);
  // Read out when something else is so, and not with every second that an account waits.
  const said = useMemo(() => {
    const [worst] = causes.map((cause) => wordsOfCause(cause).title);
    return [words.title, worst].filter((text) => text !== undefined).join(': ');
  }, [
    words.title,
    causes.map(({ code, why, address, botId }) => `${code} ${why} ${address} ${botId}`).join(),
    language.value,
  ]);
  return (
    <section class={`verdict ${words.tone}`}>
      <p class="unseen" role="status">
        {said}
      </p>
      <div>
        <p class="verdict-title">{words.title}</p>
        {words.text !== undefined && <p>{words.text}</p>}
        {replies.lastAt !== null && (
          <p class="small muted">
            {t().overview.verdict.lastReply}: <TimeAgo at={replies.lastAt} />
          </p>
        )}
      </div>
      <CauseLink of={words} />
      {causes.length > 0 && <CauseList causes={causes} more={moreCauses} />}
    </section>
  );
}

function wordsOf(status: StatusAnswer): CauseWords & { readonly tone: Tone } {
  const { verdict } = t().overview;
  const { state } = status.verdict;
  if (state === 'failing') return { tone: 'bad', title: verdict.failing };
  if (state === 'degraded') return { tone: 'wait', title: verdict.degraded };
  return wordsOfCalm(state, status);
}
