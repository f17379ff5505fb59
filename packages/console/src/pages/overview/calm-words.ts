import type { StatusAnswer, VerdictAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/chip.js';
import { formatSeconds } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import type { CauseWords } from './cause-words.js';
import { quietTitle } from './quiet-title.js';

type CalmState = Exclude<VerdictAnswer['state'], 'failing' | 'degraded'>;

/** What is said where nothing is wrong. Only what was seen is good. */
export function wordsOfCalm(
  state: CalmState,
  { counts, uptimeS, verdict: { replies } }: StatusAnswer,
): CauseWords & { readonly tone: Tone } {
  const { overview } = t();
  const { verdict } = overview;
  const { answering, silent, unseen } = replies;
  const link = { to: '/console/kf-accounts', text: overview.toAccounts };
  switch (state) {
    case 'answered':
      return { tone: 'good', title: verdict.answered, text: verdict.answeredText(answering, silent), link };
    case 'partly':
      return { tone: 'quiet', title: verdict.partly(answering), text: verdict.partlyText(unseen), link };
    case 'unseen':
      return { tone: 'quiet', title: verdict.unseen, text: verdict.unseenText(unseen, silent), link };
    case 'quiet':
      return {
        tone: 'quiet',
        title: quietTitle(uptimeS, verdict, formatSeconds),
        text: verdict.quietText(counts.accounts),
        link,
      };
    case 'empty':
      return {
        tone: 'quiet',
        title: verdict.empty,
        text: verdict.emptyText,
        link: { to: '/console/apps/connect', text: overview.toApps },
      };
    default:
      return state satisfies never;
  }
}
