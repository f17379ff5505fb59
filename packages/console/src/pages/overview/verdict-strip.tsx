import type { StatusAnswer } from '../../api/answers.gen.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { LinkButton } from '../../components/link-button.js';
import type { Tone } from '../../components/state-tag.js';
import { Strip } from '../../components/strip.js';
import { Ago } from '../../components/times.js';
import { formatSeconds } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { degradedWords } from './degraded-words.js';
import { quietTitle } from './quiet-title.js';

/** Whether customers are being answered, as the manager concludes, in one line. */
export function VerdictStrip({ status }: { readonly status: StatusAnswer }) {
  const { causes, replies, state } = status.verdict;
  const { tone, title, text } = wordsOf(status);
  const worst = causes[0] === undefined ? [] : [wordsOfCause(causes[0])];
  const said = [title, ...worst.map(({ subject, what }) => t().causes.title(subject, what))].join(
    t().common.colon,
  );
  return (
    <Strip tone={tone} title={title} text={text}>
      {/* Read out when something else is so: it has no ages, which grow. */}
      <p className="unseen" role="status">
        {said}
      </p>
      {replies.lastAt !== null && (
        <span className="small">
          {t().overview.verdict.lastReply}
          {t().common.colon}
          <Ago at={replies.lastAt} />
        </span>
      )}
      {state === 'empty' && (
        <LinkButton type="primary" href={pathOf.connectApp}>
          {t().causes.connectApp}
        </LinkButton>
      )}
    </Strip>
  );
}

interface VerdictWords {
  readonly tone: Tone;
  readonly title: string;
  readonly text?: string;
}

/** Only what was seen is good. */
function wordsOf({ counts, uptimeS, verdict: of }: StatusAnswer): VerdictWords {
  const { state, replies, accounts } = of;
  const { verdict } = t().overview;
  const { answering, silent, unseen } = replies;
  switch (state) {
    case 'failing': {
      const unanswered = (accounts?.failing ?? 0) + (accounts?.silent ?? 0);
      return { tone: 'bad', title: unanswered === 0 ? verdict.failing : verdict.failingAccounts(unanswered) };
    }
    case 'degraded':
      return { tone: 'wait', ...degradedWords(of, verdict) };
    case 'answered':
      return { tone: 'good', title: verdict.answered, text: verdict.answeredText(answering, silent) };
    case 'partly':
      return { tone: 'quiet', title: verdict.partly(answering), text: verdict.partlyText(unseen) };
    case 'unseen':
      return { tone: 'quiet', title: verdict.unseen, text: verdict.unseenText(unseen, silent) };
    case 'quiet':
      return {
        tone: 'quiet',
        title: quietTitle(uptimeS, verdict, formatSeconds),
        text: verdict.quietText(counts.accounts),
      };
    case 'empty':
      return { tone: 'quiet', title: verdict.empty, text: verdict.emptyText };
    default:
      return state satisfies never;
  }
}
